//! The code of `docs/integration.md`: every block is a file of one backend. It is compiled under `tsc --strict` and run
//! against PostgreSQL and an S3 server, with a worker that renders its quote.

#![expect(clippy::print_stdout, reason = "a test that fails shows what the programs said")]

mod blocks;
mod project;
mod schema;
mod world;

use std::collections::BTreeSet;

use serde_json::{Value, json};
use sqlx::Row as _;

use blocks::Blocks;
use project::Project;
use world::{World, text};

const GUIDE: &str = include_str!("../../../../docs/integration.md");
/// One user of the company whose quotes these are, and one of another company.
const USER: &str = "demo-token";
const STRANGER: &str = "other-token";
/// What stands for a job's id in the document's SQL.
const JOB: &str = "00000000-0000-0000-0000-000000000000";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_backend_of_the_guide_compiles_and_gets_its_videos() {
    let blocks = Blocks::read(GUIDE);
    let world = World::new().await;
    let project = Project::new(&world.superuser());
    build(&project, &world, &blocks);
    schema::check(&blocks, &world).await;
    let backend = project.start("backend.sh");
    world.listens().await;

    repeated_and_refused(&world).await;
    cancelled_and_retried(&world).await;
    plain_sql(&blocks, &world).await;
    add_quote(&world, "q_expired", "current_date - 3").await;
    let expired = world.post("/quotes/q_expired/issue", USER, "").await;
    assert_eq!((expired.status, &expired.json()["video"]["outcome"]), (202, &json!("new")), "the worker decides");

    let worker = project.start("worker.sh");
    delivered(&project, &world).await;
    webhooks(&blocks, &world).await;
    refused_by_the_worker(&world).await;
    embedded(&project);
    drop((worker, backend));
    world.end().await;
}

/// Writes all files, installs, compiles, and makes tables, bucket and webhook.
fn build(project: &Project, world: &World, blocks: &Blocks) {
    for block in &blocks.files {
        project.write(&block.name, &block.text);
    }
    for name in ["roles.sql", "quotes.sql"] {
        let (created, granted) = (format!("role {}", world.role), format!("to {};", world.role));
        let replacements = [("role backend", &*created), ("to backend;", &*granted)];
        project.write_with(blocks, name, &replacements[usize::from(name == "quotes.sql")..]);
    }
    for name in ["webhook.sh", "try.sh"] {
        project.write_with(blocks, name, &[("127.0.0.1:3000", &format!("127.0.0.1:{}", world.port))]);
    }
    world.write_render_settings(project, blocks);
    project.write_build(blocks);
    project.script("build.sh");
    project.script("database.sh");
    let set = project.script("webhook.sh");
    let secret = set.split_whitespace().find(|word| word.starts_with("whsec_")).expect("the secret is printed");
    world.write_backend_settings(project, blocks, secret);
    assert!(project.script("bucket.sh").contains("created"));
    assert!(project.script("bucket.sh").contains("exists"), "it may run again");
}

/// Inserts a draft of `cmp_1` like `q_1`.
async fn add_quote(world: &World, id: &str, valid_until: &str) {
    let sql = format!(
        "insert into quotes (id, company_id, organization_id, number, issued_at, valid_until, locale, currency,
           company_name, customer_name, items, total)
         select '{id}', company_id, organization_id, number, {valid_until} - 10, {valid_until}, locale, currency,
           company_name, customer_name, items, total from quotes where id = 'q_1' returning id"
    );
    assert_eq!(world.texts(&sql).await, [id]);
}

/// Cancels a queued job, which would keep the worker from the quote that is waited for.
async fn cancel(world: &World, job: &Value) {
    let job = job.as_str().expect("an id");
    let cancelled = world.post(&format!("/videos/{job}/cancel"), USER, "").await;
    assert_eq!((cancelled.status, &cancelled.json()["status"]), (201, &json!("cancelled")));
}

/// Strangers get nothing; the same request finds the same job; what is refused is an answer, and the quote is issued all
/// the same.
async fn repeated_and_refused(world: &World) {
    add_quote(world, "q_2", "current_date + 3").await;
    assert_eq!(world.get("/quotes/q_2/video", "").await.status, 401);
    assert_eq!(world.post("/quotes/q_2/issue", STRANGER, "").await.status, 404);
    let refused = world.post("/quotes/q_2/issue", USER, &"k".repeat(256)).await;
    let video = json!({ "outcome": "invalid", "refused": "idempotency_key" });
    assert_eq!((refused.status, &refused.json()["video"]), (400, &video));
    assert_eq!(world.texts("select status from quotes where id = 'q_2'").await, ["ISSUED"]);

    let first = world.post("/quotes/q_2/issue", USER, "click-1").await;
    assert_eq!(first.status, 202, "{}", first.json());
    let job = &first.json()["video"]["jobId"];
    let video = json!({ "outcome": "new", "jobId": job });
    assert_eq!(first.json(), json!({ "quote": { "id": "q_2", "status": "ISSUED" }, "video": video }));
    let again = world.post("/quotes/q_2/issue", USER, "click-1").await;
    assert_eq!((again.status, &again.json()["video"]), (202, &json!({ "outcome": "existing", "jobId": job })));
    let status = world.get("/quotes/q_2/video", USER).await.json();
    assert_eq!((&status["jobId"], &status["status"], &status["videoUrl"]), (job, &json!("queued"), &Value::Null));
    assert_eq!(world.get("/quotes/q_2/video", STRANGER).await.status, 404);

    let corrected = "update quotes set number = 'COT-119' where id = 'q_2' returning id";
    assert_eq!(world.texts(corrected).await.len(), 1);
    let reused = world.post("/quotes/q_2/issue", USER, "click-1").await;
    assert_eq!((reused.status, &reused.json()["video"]), (409, &json!({ "outcome": "key_reused" })));
    let waiting = world.post("/quotes/q_2/issue", USER, "click-2").await;
    assert_eq!((waiting.status, &waiting.json()["video"]["outcome"]), (202, &json!("new")));
    let run_after = waiting.json()["video"]["runAfter"].as_str().expect("it waits").to_owned();
    let wait = format!("select ('{run_after}'::timestamptz - now() between '1 second' and '3 minutes')::text");
    assert_eq!(world.texts(&wait).await, ["true"], "{run_after}");
    cancel(world, job).await;
}

/// A quote's id is what offices write.
async fn cancelled_and_retried(world: &World) {
    add_quote(world, "Angebot 118/2026", "current_date + 3").await;
    let issued = world.post("/quotes/Angebot%20118%2F2026/issue", USER, "").await.json();
    let job = issued["video"]["jobId"].as_str().expect("an id");
    assert_eq!(world.post(&format!("/videos/{job}/cancel"), STRANGER, "").await.status, 409);
    let early = world.post(&format!("/videos/{job}/retry"), USER, "").await;
    assert_eq!((early.status, early.json()), (409, json!({ "outcome": "not_retriable", "status": "queued" })));
    cancel(world, &json!(job)).await;
    assert_eq!(world.post(&format!("/videos/{job}/cancel"), USER, "").await.status, 409, "nothing is left");
    let retried = world.post(&format!("/videos/{job}/retry"), USER, "").await.json();
    let next = retried["jobId"].as_str().expect("an id");
    assert_eq!(retried, json!({ "outcome": "new", "jobId": next, "runAfter": null }));
    assert_eq!(world.texts(&format!("select retry_of::text from video_render_jobs where id = '{next}'")).await, [job]);
    cancel(world, &json!(next)).await;
}

/// The blocks of SQL, one after another; the job that they leave is one that no worker can render.
async fn plain_sql(blocks: &Blocks, world: &World) {
    let rows = world.as_backend(blocks.file("enqueue.sql")).await;
    let enqueued = rows.last().expect("the outcome is the last row");
    assert_eq!(text(enqueued, "outcome").as_deref(), Some("new"));
    let found = world.texts("select id::text from video_render_jobs where idempotency_key = 'click-43'").await;
    let [job] = found.as_slice() else { panic!("{found:?}") };
    let with_job = |name: &str| blocks.file(name).replace(JOB, job);

    let rows = world.as_backend(&with_job("status.sql")).await;
    assert_eq!(rows.len(), 3, "set_config, the job, the quote's newest");
    assert!(rows[1..].iter().all(|row| text(row, "status").as_deref() == Some("queued")));
    let rows = world.as_backend(&with_job("history.sql")).await;
    assert_eq!(text(&rows[1], "new_status").as_deref(), Some("queued"));
    let changed = blocks.file("enqueue.sql").replace("click-43", "click-44").replace("on\": 1", "on\": 2");
    let rows = world.as_backend(&changed).await;
    let early = rows.last().expect("the outcome is the last row");
    assert_eq!(text(early, "outcome").as_deref(), Some("cooldown"));
    let wait: i64 = early.get("wait_seconds");
    assert!((1..=180).contains(&wait), "{wait} s");
    let rows = world.as_backend(&with_job("cancel.sql")).await;
    assert_eq!(text(&rows[1], "outcome").as_deref(), Some("cancelled"));
    let rows = world.as_backend(&with_job("retry.sql")).await;
    assert_eq!(text(&rows[1], "outcome").as_deref(), Some("new"));
}

/// Runs `try.sh`: the quote is issued, and its video is behind a signed address.
async fn delivered(project: &Project, world: &World) {
    let tried = project.script("try.sh");
    let answers: Vec<Value> = tried.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    let [issued, done] = answers.as_slice() else { panic!("{tried}") };
    assert_eq!(issued["video"]["outcome"], "new");
    assert_eq!(done["status"], "succeeded", "{done}");
    assert_eq!((&done["jobId"], &done["progress"]), (&issued["video"]["jobId"], &json!(100)));

    let url = done["videoUrl"].as_str().expect("an address");
    assert!(!url.contains("checksum"), "not every store knows them: {url}");
    let video = world.get(url, "").await;
    assert_eq!((video.status, &*video.content_type, &video.body[4..8]), (200, "video/mp4", &b"ftyp"[..]));
    let unsigned = url.split('?').next().expect("an address");
    assert_eq!(world.get(unsigned, "").await.status, 403, "the bucket is private");
    let thumbnail = world.get(done["thumbnailUrl"].as_str().expect("an address"), "").await;
    assert_eq!(
        (thumbnail.status, &*thumbnail.content_type, &thumbnail.body[..2]),
        (200, "image/jpeg", &[0xff, 0xd8][..])
    );
}

/// The backend learns by signed messages how its jobs end, believes no others, and gets what the sample shows.
async fn webhooks(blocks: &Blocks, world: &World) {
    world.reaches("select video_status from quotes where id = 'q_1'", "succeeded").await;
    let ours = "select payload from webhook_deliveries
                where job_id = (select id from video_render_jobs where entity_id = 'q_1')";
    let payload = world.texts(ours).await.pop().expect("a message");
    let sample = blocks.samples.iter().find(|sample| sample.starts_with("POST ")).expect("a sample of a message");
    let (_, sample) = sample.split_once("\n\n").expect("head and body");
    let keys = |text: &str| -> [BTreeSet<String>; 2] {
        let message: Value = serde_json::from_str(text).expect("JSON");
        [&message, &message["data"]].map(|object| object.as_object().expect("an object").keys().cloned().collect())
    };
    assert_eq!(keys(sample), keys(&payload));

    let forged = [
        ("webhook-id", "9d1f6c1e-0000-4000-8000-000000000000"),
        ("webhook-timestamp", &*time::OffsetDateTime::now_utc().unix_timestamp().to_string()),
        ("webhook-signature", "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4="),
        ("content-type", "application/json"),
    ];
    let url = format!("{}/hooks/videos", world.api);
    assert_eq!(world.request(reqwest::Method::POST, &url, "", &forged, &payload).await.status, 401);
}

/// Quotes that may not become videos fail, with the documented code and a message for the customer.
async fn refused_by_the_worker(world: &World) {
    world.reaches("select video_status from quotes where id = 'q_expired'", "failed").await;
    let expired = world.get("/quotes/q_expired/video", USER).await.json();
    assert_eq!(expired["status"], "failed");
    assert_eq!((&expired["errorClass"], &expired["errorCode"]), (&json!("user"), &json!("quote_expired")));
    assert!(expired["errorMessage"].as_str().is_some_and(|message| message.contains("cotización")), "{expired}");
    world
        .reaches(
            "select error_code from video_render_jobs where entity_id = 'q_7' and status <> 'cancelled'",
            "snapshot_invalid",
        )
        .await;
}

/// The way without a server: a new job, the same one again, and a refusal.
fn embedded(project: &Project) {
    let run = |number: &str| {
        let snapshot = json!({
            "schemaVersion": 1, "companyId": "cmp_1", "locale": "es-CL", "currency": "CLP",
            "quote": { "id": "q_1", "number": number, "status": "ISSUED", "issuedAt": "2026-11-20" },
            "company": { "name": "Sol Norte" }, "customer": { "name": "Los Algarrobos" },
            "items": [{ "name": "Panel solar" }], "totals": { "total": "189990" }
        });
        project.write("quote.json", &snapshot.to_string());
        let output = project.output("node", &["dist/embedded.js", "quote.json"]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).trim().to_owned())
    };
    assert_eq!(run("1")[0], "new queued");
    assert_eq!(run("1")[0], "existing queued");
    let [out, err] = run("2");
    assert!(out.is_empty() && err.contains("cooldown"), "{out}\n{err}");
}
