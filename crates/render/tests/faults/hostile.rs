//! Faults 23 and 24, and rows that no program of ours writes: addresses inside, foreign tenants, nonsense.

use std::process::Output;

use quotereel_jobs::job::JobId;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use crate::receiver::Receiver;
use crate::rig::{Rig, snapshot, until};
use crate::worker::spool_folder;

/// Ways to write an address of this machine.
fn addresses_inside(port: u16) -> Vec<String> {
    [
        "127.0.0.1",
        "localhost",
        "2130706433",
        "0x7f.1",
        "0177.0.0.1",
        "127.1",
        "0.0.0.0",
        "0",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[64:ff9b::7f00:1]",
        "user:secret@127.0.0.1",
    ]
    .into_iter()
    .map(|host| format!("http://{host}:{port}/logo.png"))
    .chain(["http://169.254.169.254/latest/meta-data/".to_owned(), "file:///etc/passwd".to_owned()])
    .collect()
}

async fn addresses_inside_are_not_asked(rig: Rig) {
    let canary = Receiver::start(true);
    let mut ids = Vec::new();
    // In the address of the logo and, all the others at once, in those of the items' pictures.
    for (number, address) in addresses_inside(canary.port).into_iter().enumerate() {
        let logo = |input: &mut Value| input["company"]["logo"] = json!({ "url": address });
        ids.push(rig.enqueue_for("cmp_a", "tiny", &format!("q_{number}"), logo).await);
    }
    let set = rig.render(&["webhook", &format!("https://127.0.0.1:{}/", canary.port), "--company", "cmp_a"]);
    assert!(set.status.success(), "{}", String::from_utf8_lossy(&set.stderr));
    let worker = rig.worker("a").set("QUOTEREEL_CONCURRENCY", "2").start();
    for id in &ids {
        let row = until("it has ended", async || {
            let row = rig.row(*id).await;
            ["succeeded", "failed"].contains(&&*row.status).then_some(row)
        })
        .await;
        // A placeholder, or an address that no quote may have: never a try again.
        assert_eq!(row.attempts, 1, "{row:?}");
        assert!(row.status == "succeeded" || row.class == "user", "{row:?}");
    }
    let waiting = "select count(*) from webhook_deliveries where status = 'pending' and attempts = 0";
    until("every webhook was tried", async || (rig.number(waiting).await == 0).then_some(())).await;
    worker.stop().await;
    assert_eq!(canary.connections(), 0, "0 hits");
    rig.assert_books().await;

    // The canary sings where it may be asked: silence above means something.
    let logo = |input: &mut Value| {
        input["company"]["logo"] = json!({ "url": format!("http://127.0.0.1:{}/logo.png", canary.port) });
    };
    let id = rig.enqueue_for("cmp_a", "tiny", "q_control", logo).await;
    let worker = rig.worker("a").set("QUOTEREEL_ALLOW_PRIVATE_NETWORK", "true").start();
    rig.reaches(id, "succeeded").await;
    worker.stop().await;
    assert!(canary.connections() > 0);
    rig.end().await;
}

#[tokio::test]
async fn f23_addresses_inside_are_not_asked() {
    addresses_inside_are_not_asked(Rig::embedded().await).await;
}

fn says(output: &Output) -> String {
    format!("{} {}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

async fn a_tenant_asks_for_anothers_job(rig: Rig) {
    let worker = rig.worker("a").start();
    let id = rig.enqueue_for("cmp_a", "tiny", "q_1", |_| ()).await;
    rig.grant("cmp_b").await;
    let row = rig.reaches(id, "succeeded").await;
    worker.stop().await;
    let events = rig.number("select count(*) from video_render_events").await;
    let (id, missing) = (id.to_string(), uuid::Uuid::now_v7().to_string());
    for action in ["show", "events", "cancel", "retry"] {
        let ask = |job: &str| rig.render(&["jobs", action, job, "--company", "cmp_b"]);
        let (foreign, none) = (ask(&id), ask(&missing));
        assert!(!foreign.status.success(), "{action}");
        assert_eq!(foreign.status, none.status, "{action}");
        assert_eq!(says(&foreign).replace(&id, "ID"), says(&none).replace(&missing, "ID"), "{action}: the same answer");
    }
    let listed = rig.render(&["jobs", "list", "--company", "cmp_b", "--json"]);
    let listed: Value = serde_json::from_slice(&listed.stdout).expect("JSON");
    assert_eq!(listed["jobs"], json!([]));
    for company in ["../cmp_a", "cmp_a/..", "cmp_b' or '1'='1", "cmp_%", ""] {
        let asked = rig.render(&["jobs", "show", &id, "--company", company]);
        assert!(!asked.status.success() && !says(&asked).contains(&row.sha256), "{company}: {}", says(&asked));
    }
    let asked: JobId = id.parse().expect("an id");
    assert_eq!(rig.row(asked).await, row);
    assert_eq!(rig.number("select count(*) from video_render_events").await, events, "nothing happened");
    rig.assert_succeeded(asked).await;

    // A row that names another company's object gives no address of it.
    let victim = row.key.clone();
    let thief = rig.enqueue_for("cmp_b", "tiny", "q_2", |_| ()).await;
    let worker = rig.worker("a").start();
    rig.reaches(thief, "succeeded").await;
    worker.stop().await;
    rig.change(&format!("update video_render_jobs set output_key = '{victim}' where id = '{thief}'")).await;
    let shown = rig.render(&["jobs", "show", &thief.to_string(), "--company", "cmp_b", "--json"]);
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    let signed = serde_json::from_str::<Value>(&shown)
        .ok()
        .and_then(|shown| shown["job"]["outputUrl"].as_str().map(str::to_owned));
    assert!(signed.is_none_or(|url| !url.contains("cmp_a")), "{shown}");
    // Nor does what happens to that row happen to the object: its retention, say.
    rig.pass(thief, &["created_at", "started_at", "finished_at"]).await;
    let reconciled = rig.render(&["reconcile", "--keep-videos", "1h", "--keep-succeeded", "2h", "--json"]);
    println!("{}", says(&reconciled));
    assert!(rig.keys().await.contains(&victim), "the victim's video is still there");
    rig.end().await;
}

#[tokio::test]
async fn f24_a_tenant_asks_for_anothers_job() {
    a_tenant_asks_for_anothers_job(Rig::servers().await).await;
}

#[tokio::test]
async fn f24_a_tenant_asks_for_anothers_job_embedded() {
    a_tenant_asks_for_anothers_job(Rig::embedded().await).await;
}

async fn a_snapshot_of_another_tenant(rig: Rig) {
    // The row is one company's, the quote in it another's.
    let id = rig.enqueue_for("cmp_b", "tiny", "q_1", |input| input["companyId"] = "cmp_a".into()).await;
    // Nor can the row be moved, with its credit, its place in the queue and its video.
    for change in ["company_id = 'cmp_a'", "template = 'slow'", "input_json = '{}'"] {
        let changed = rig.try_change(&format!("update video_render_jobs set {change} where id = '{id}'")).await;
        assert!(changed.expect_err(change).contains("what a job is never changes") || rig.is_embedded(), "{change}");
    }
    let worker = rig.worker("a").start();
    let row = rig.reaches(id, "failed").await;
    assert_eq!((&*row.class, &*row.code, row.renders), ("user", "tenant_mismatch", 0));
    rig.assert_ended_without(id, "failed").await;
    let detail = format!(
        "select cast(detail as text) from video_render_events where job_id = '{id}' and kind = 'VIDEO_RENDER_FAILED'"
    );
    assert!(rig.texts(&detail).await[0].contains("tenant_mismatch"), "the event says so");
    assert_eq!(rig.keys().await, [""; 0], "0 objects");
    worker.stop().await;
    rig.end().await;
}

#[tokio::test]
async fn f24_a_snapshot_of_another_tenant() {
    a_snapshot_of_another_tenant(Rig::servers().await).await;
}

#[tokio::test]
async fn f24_a_snapshot_of_another_tenant_embedded() {
    a_snapshot_of_another_tenant(Rig::embedded().await).await;
}

#[tokio::test]
async fn f24_a_job_cannot_be_moved_to_another_company() {
    let rig = Rig::servers().await;
    // By somebody who may do anything to the table.
    rig.change("alter table video_render_jobs disable trigger video_render_jobs_0_identity").await;
    let values = format!("'cmp_a', 'q_1', 'tiny', '{}'", snapshot("cmp_a", "q_1"));
    let id = insert(&rig, "company_id, entity_id, template, input_json", &values).await.expect("a row");
    let worker = rig.worker("a").start();
    rig.reaches(id, "succeeded").await;
    let foreign = rig.keys().await.into_iter().find(|key| !key.contains("/company/cmp_a/"));
    assert_eq!(foreign, None, "nothing of another company");
    // Its history is the company's, and holds it there.
    let moved = rig.try_change(&format!("update video_render_jobs set company_id = 'cmp_b' where id = '{id}'")).await;
    assert!(moved.expect_err("it stays").contains("foreign key"));
    worker.stop().await;
    rig.assert_spools_empty().await;
    rig.end().await;
}

async fn a_manifest_names_another_tenant(rig: Rig) {
    rig.put_object("org", b"in the way").await;
    let id = rig.enqueue("tiny").await;
    let mut first = rig.worker("a").start();
    let spool = rig.folder.path().join("spools/a");
    let manifest = until("the file lies in the spool", async || {
        spool_folder(&spool, id).map(|folder| folder.join("manifest.json")).filter(|path| path.is_file())
    })
    .await;
    first.kill();
    rig.remove_object("org").await;
    let text = std::fs::read_to_string(&manifest).expect("a manifest");
    assert!(text.contains("cmp_a"));
    std::fs::write(&manifest, text.replace("cmp_a", "cmp_b")).expect("written");
    let second = rig.worker("a").start();
    rig.assert_spools_empty().await;
    until("it is made again", async || {
        rig.hurry(id).await;
        if rig.row(id).await.status == "running" && rig.row(id).await.epoch == 1 {
            rig.lapse(id).await;
        }
        (rig.row(id).await.status == "succeeded").then_some(())
    })
    .await;
    assert!(rig.keys().await.iter().all(|key| key.contains("cmp_a")), "{:?}", rig.keys().await);
    rig.assert_succeeded(id).await;
    second.stop().await;
    rig.end().await;
}

#[tokio::test]
async fn f24_a_manifest_names_another_tenant_embedded() {
    a_manifest_names_another_tenant(Rig::embedded().await).await;
}

#[tokio::test]
async fn f24_row_level_security_shows_nothing_of_another() {
    let rig = Rig::servers().await;
    let id = rig.enqueue_for("cmp_a", "tiny", "q_1", |_| ()).await;
    let mut backend = PgConnection::connect(&rig.url).await.expect("the server answers");
    // First as nobody, then as another company, on one connection, as a pool would.
    for company in ["", "cmp_b", "cmp_a' or true --"] {
        let mut work = backend.begin().await.expect("a transaction");
        sqlx::query("set local role quotereel_tenant").execute(&mut *work).await.expect("a role");
        let set = "select set_config('app.company_id', $1, true)";
        sqlx::query(set).bind(company).execute(&mut *work).await.expect("set");
        for table in [
            "video_render_jobs",
            "video_render_events",
            "video_render_cancel_requests",
            "tenant_credits",
            "tenant_credit_holds",
            "credit_entries",
            "video_render_lanes",
            "video_render_lane_changes",
        ] {
            let count = AssertSqlSafe(format!("select count(*) from {table} where company_id = 'cmp_a'"));
            let count: i64 = sqlx::query_scalar(count).fetch_one(&mut *work).await.expect("an answer");
            assert_eq!(count, 0, "{table} as `{company}`");
        }
        let cancel = AssertSqlSafe(format!("update video_render_jobs set status = 'cancelled' where id = '{id}'"));
        let refused = sqlx::query(cancel).execute(&mut *work).await.expect_err("tenants write by functions alone");
        assert!(refused.to_string().contains("permission denied"), "{refused}");
        work.rollback().await.expect("rolled back");
        let mut work = backend.begin().await.expect("a transaction");
        sqlx::query("set local role quotereel_tenant").execute(&mut *work).await.expect("a role");
        sqlx::query(set).bind(company).execute(&mut *work).await.expect("set");
        let insert = AssertSqlSafe(format!(
            "insert into video_render_jobs (company_id, entity_id, template, input_json)
             values ('cmp_a', 'q_9', 'tiny', '{}')",
            snapshot("cmp_a", "q_9")
        ));
        sqlx::query(insert).execute(&mut *work).await.expect_err("it may not");
        work.rollback().await.expect("rolled back");
    }
    assert_eq!(rig.number("select count(*) from video_render_jobs").await, 1);
    rig.end().await;
}

/// A row as another program may write it, by plain SQL.
async fn insert(rig: &Rig, columns: &str, values: &str) -> Result<JobId, String> {
    let id = JobId(uuid::Uuid::now_v7());
    let sql = if rig.is_embedded() {
        let hash = "0123456789abcdef".repeat(4);
        format!("insert into video_render_jobs (id, snapshot_hash, {columns}) values ('{id}', '{hash}', {values})")
    } else {
        format!("insert into video_render_jobs (id, {columns}) values ('{id}', {values})")
    };
    rig.try_change(&sql).await.map(|_| id)
}

async fn rows_of_another_program(rig: Rig) {
    let good = snapshot("cmp_a", "q_1");
    let needed = "company_id, entity_id, template, input_json";
    // Refused at the door, by the name of a constraint.
    for (values, constraint) in [
        ("'cmp_a', 'q_1', 'tiny', 'null'".to_owned(), "input_json_check"),
        ("'cmp_a', 'q_1', 'tiny', '[]'".to_owned(), "input_json_check"),
        ("'cmp_a', 'q_1', 'tiny', '\"x\"'".to_owned(), "input_json_check"),
        ("'cmp_a', 'q_1', 'tiny', '{broken'".to_owned(), "json"),
        ("'cmp_a', 'q_1', 'tiny', null".to_owned(), "input_json"),
        (format!("'../x', 'q_1', 'tiny', '{good}'"), "company_id_check"),
        (format!("null, 'q_1', 'tiny', '{good}'"), "company_id"),
        (format!("'cmp_a', ' q', 'tiny', '{good}'"), "entity_id_check"),
        (format!("'cmp_a', 'q_1', '', '{good}'"), "template_check"),
    ] {
        let refused = insert(&rig, needed, &values).await.expect_err(&values);
        assert!(refused.contains(constraint), "{values}: {refused}");
    }
    let running =
        insert(&rig, &format!("{needed}, status"), &format!("'cmp_a', 'q_1', 'tiny', '{good}', 'running'")).await;
    assert!(running.expect_err("no lease").contains("_check"));

    // Let in, and ended with a verdict that names the reason, each at its first claim.
    let with = |change: fn(&mut Value)| {
        let mut input = good.clone();
        change(&mut input);
        input
    };
    let deep = |levels: usize| format!("{{\"x\":{}{}}}", "[".repeat(levels), "]".repeat(levels));
    let cases: Vec<(&str, String, &str, &str)> = vec![
        ("unknown", good.to_string(), "no-such-template", "template_unknown"),
        ("path", good.to_string(), "../../etc", "template_unknown"),
        ("empty", "{}".to_owned(), "tiny", "snapshot_invalid"),
        ("types", with(|input| input["items"] = json!("none")).to_string(), "tiny", "snapshot_invalid"),
        ("secret", with(|input| input["company"]["apiKey"] = json!("s3cr3t")).to_string(), "tiny", "snapshot_invalid"),
        ("draft", with(|input| input["quote"]["status"] = json!("DRAFT")).to_string(), "tiny", "quote_not_issued"),
        (
            "old",
            with(|input| {
                input["quote"]["issuedAt"] = json!("2020-01-01");
                input["quote"]["validUntil"] = json!("2020-01-02");
            })
            .to_string(),
            "tiny",
            "quote_expired",
        ),
        (
            "file",
            with(|input| input["company"]["logo"] = json!({ "file": "/etc/passwd" })).to_string(),
            "tiny",
            "snapshot_invalid",
        ),
        ("foreign", with(|input| input["companyId"] = json!("cmp_b")).to_string(), "tiny", "tenant_mismatch"),
        ("huge", "{\"schemaVersion\": 1e400}".to_owned(), "tiny", "snapshot_invalid"),
        ("deep", deep(500), "tiny", "snapshot_invalid"),
        ("large", json!({ "x": "a".repeat(12 << 20) }).to_string(), "tiny", "snapshot_invalid"),
    ];
    let mut ids = Vec::new();
    for (name, input, template, code) in &cases {
        let values = format!("'cmp_a', '{name}', '{template}', '{input}'");
        match insert(&rig, needed, &values).await {
            Ok(id) => ids.push((name, id, code)),
            // A database that takes no such JSON has answered, too.
            Err(refused) => {
                assert!(["huge", "deep", "large"].contains(name) && refused.contains("input_json"), "{name}: {refused}")
            }
        }
    }
    let last = insert(&rig, needed, &format!("'cmp_a', 'q_1', 'tiny', '{good}'")).await.expect("a good row");
    let mut worker = rig.worker("a").set("QUOTEREEL_CONCURRENCY", "4").set("QUOTEREEL_TENANT_CAP", "8").start();
    for (name, id, code) in ids {
        let row = rig.reaches(id, "failed").await;
        assert_eq!((&*row.code, &*row.class), (*code, "user"), "{name}: {row:?}");
        assert_eq!((row.attempts, row.renders, row.rescues), (1, 0, 0), "{name}: {row:?}");
        assert!(!row.message.is_empty() && !row.message.contains("s3cr3t"), "{name}");
        assert_eq!(rig.keys_of(id).await, [""; 0]);
    }
    rig.reaches(last, "succeeded").await;
    assert!(worker.lives());
    let log = worker.log();
    assert!(!log.contains("s3cr3t"), "a value of the snapshot is not for logs");
    worker.stop().await;
    rig.assert_spools_empty().await;
    rig.assert_books().await;
    rig.end().await;
}

#[tokio::test]
async fn rows_of_another_program_are_judged() {
    rows_of_another_program(Rig::servers().await).await;
}

#[tokio::test]
async fn rows_of_another_program_are_judged_embedded() {
    rows_of_another_program(Rig::embedded().await).await;
}

async fn moments_that_nobody_can_hold(rig: Rig) {
    let good = snapshot("cmp_a", "q_1");
    let moments = if rig.is_embedded() {
        ["-1", "9000000000000000000", "253370764800000"]
    } else {
        ["'-infinity'", "'infinity'", "'250000-01-01'"]
    };
    for column in ["created_at", "run_after", "updated_at"] {
        for moment in moments {
            let columns = format!("company_id, entity_id, template, input_json, {column}");
            let values = format!("'cmp_a', 'q_1', 'tiny', '{good}', {moment}");
            let refused = insert(&rig, &columns, &values).await.expect_err(moment);
            assert!(refused.contains("moments_check"), "{refused}");
        }
    }
    rig.end().await;
}

#[tokio::test]
async fn moments_that_nobody_can_hold_are_refused() {
    moments_that_nobody_can_hold(Rig::servers().await).await;
}

#[tokio::test]
async fn moments_that_nobody_can_hold_are_refused_embedded() {
    moments_that_nobody_can_hold(Rig::embedded().await).await;
}

/// A row that says that it was paid, of a company that has no credits; and one beside it whose worker is gone.
async fn a_row_that_nobody_paid_for(rig: Rig) {
    let columns = "company_id, entity_id, template, input_json, credits_held";
    let values = |template: &str| format!("'cmp_u', 'q_1', '{template}', '{}', 1", snapshot("cmp_u", "q_1"));
    let good = insert(&rig, columns, &values("tiny")).await.expect("a row");
    let bad = insert(&rig, columns, &values("nowhere")).await.expect("a row");
    let worker = rig.worker("a").start();
    rig.reaches(good, "succeeded").await;
    let row = rig.reaches(bad, "failed").await;
    assert_eq!(&*row.code, "template_unknown");
    worker.stop().await;
    assert_eq!(rig.number("select count(*) from credit_entries").await, 0, "nothing was paid, nothing is given back");
    let gone = insert(&rig, columns, &values("slow")).await.expect("a row");
    assert_eq!(rig.change(&format!("delete from video_render_jobs where id = '{gone}'")).await, 1);
    assert_eq!(rig.number("select count(*) from credit_entries").await, 0);
    rig.end().await;
}

#[tokio::test]
async fn a_row_that_nobody_paid_for_ends() {
    a_row_that_nobody_paid_for(Rig::servers().await).await;
}

#[tokio::test]
async fn a_row_that_nobody_paid_for_ends_embedded() {
    a_row_that_nobody_paid_for(Rig::embedded().await).await;
}
