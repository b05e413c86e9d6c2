//! Faults 13, 18, 19, 21 and 22: renders that hang or crash, pictures made to harm, a full disk, a wrong clock.

use std::fmt::Write as _;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustix::process::{Signal, kill_process};
use serde_json::json;

use crate::rig::{Rig, until};
use crate::worker::{free_port, lives, page};

async fn a_render_hangs(rig: Rig) {
    let id = rig.enqueue("slow").await;
    let mut worker = rig.worker("a").set("QUOTEREEL_RENDER_TIMEOUT", "8s").set("QUOTEREEL_MAX_ATTEMPTS", "2").start();
    for attempt in 1..=2 {
        let render = worker.draws(id).await;
        kill_process(render, Signal::STOP).expect("it runs");
        until("it is killed", async || (!lives(render)).then_some(())).await;
        if attempt < 2 {
            rig.reaches(id, "queued").await;
            rig.hurry(id).await;
        }
    }
    let row = rig.reaches(id, "failed").await;
    assert_eq!((&*row.code, &*row.class, row.attempts, row.renders), ("render_timed_out", "system", 2, 2));
    assert!(row.message.contains("No se cobró nada"), "{}", row.message);
    rig.assert_ended_without(id, "failed").await;
    assert!(worker.lives());
    let next = rig.enqueue("tiny").await;
    rig.reaches(next, "succeeded").await;
    worker.stop().await;
    rig.assert_spent("cmp_a", 1).await;
    rig.assert_spools_empty().await;
    rig.end().await;
}

#[tokio::test]
async fn f13_a_render_hangs() {
    a_render_hangs(Rig::servers().await).await;
}

#[tokio::test]
async fn f13_a_render_hangs_embedded() {
    a_render_hangs(Rig::embedded().await).await;
}

#[tokio::test]
async fn f13_the_deadline_counts_whatever_the_heartbeat_says() {
    let rig = Rig::servers().await;
    let id = rig.enqueue("slow").await;
    let worker = rig.worker("a").set("QUOTEREEL_MAX_RESCUES", "1").start();
    for rescue in 0..2 {
        let render = worker.draws(id).await;
        kill_process(render, Signal::STOP).expect("it runs");
        assert_eq!(rig.row(id).await.rescues, rescue);
        rig.pass(id, &["deadline_at"]).await;
        until("the render is killed", async || (!lives(render)).then_some(())).await;
    }
    let row = rig.reaches(id, "failed").await;
    assert_eq!((&*row.class, row.epoch, row.rescues), ("system", 2, 1), "{row:?}");
    until("no object", async || rig.keys_of(id).await.is_empty().then_some(())).await;
    rig.assert_ended_without(id, "failed").await;
    worker.stop().await;
    rig.assert_spools_empty().await;
    rig.end().await;
}

#[tokio::test]
async fn f18_little_space_is_left() {
    let rig = Rig::servers().await;
    let id = rig.enqueue("tiny").await;
    let port = free_port();
    let first = rig
        .worker("a")
        .set("QUOTEREEL_MIN_FREE_MIB", "1000000000")
        .set("QUOTEREEL_METRICS", &format!("127.0.0.1:{port}"))
        .start();
    until("it says why it is idle", async || {
        page(port, "/readyz").await.is_some_and(|(status, said)| status == 503 && said.contains("MiB")).then_some(())
    })
    .await;
    assert_eq!(rig.row(id).await.epoch, 0, "it claims nothing");
    let second = rig.worker("b").start();
    rig.reaches(id, "succeeded").await;
    rig.assert_succeeded(id).await;
    first.stop().await;
    second.stop().await;
    rig.end().await;
}

async fn the_disk_is_full(rig: Rig) {
    let id = rig.enqueue("tiny").await;
    let spool = rig.folder.path().join("spools/full");
    std::fs::create_dir_all(&spool).expect("a folder");
    // A disk of 64 KiB of its own, in a namespace of its own, so that it goes with the worker. Where a test may not have
    // one, no file may be larger than the thumbnail will be.
    let mount = format!("mount -t tmpfs -o size=64k tmpfs {} && exec \"$@\"", spool.display());
    let namespace = ["unshare", "--mount", "--map-root-user", "--", "sh", "-c", &mount, "sh"];
    let may_mount = std::process::Command::new(namespace[0])
        .args(&namespace[1..])
        .arg("true")
        .output()
        .is_ok_and(|tried| tried.status.success());
    let (wrapper, reason) = if may_mount {
        (&namespace[..], "disk_full")
    } else {
        (&["sh", "-c", "ulimit -f 50 && exec \"$@\"", "sh"][..], "render_crashed")
    };
    let mut first = rig
        .worker("full")
        .set("QUOTEREEL_MIN_FREE_MIB", "0")
        .set("QUOTEREEL_MAX_ATTEMPTS", "1000")
        .through(wrapper)
        .start();
    first.says(reason).await;
    assert!(first.lives());
    first.stop().await;
    assert_eq!(rig.row(id).await.status, "queued", "it waits for the next try");
    rig.assert_books().await;
    rig.hurry(id).await;
    let second = rig.worker("b").start();
    rig.reaches(id, "succeeded").await;
    rig.assert_succeeded(id).await;
    rig.assert_no_other_objects(id).await;
    second.stop().await;
    rig.assert_spools_empty().await;
    rig.end().await;
}

#[tokio::test]
async fn f18_the_disk_is_full() {
    the_disk_is_full(Rig::servers().await).await;
}

#[tokio::test]
async fn f18_the_disk_is_full_embedded() {
    the_disk_is_full(Rig::embedded().await).await;
}

async fn a_render_crashes_every_time(rig: Rig) {
    let id = rig.enqueue("slow").await;
    let mut worker = rig.worker("a").set("QUOTEREEL_CONCURRENCY", "2").start();
    let mut healthy = Vec::new();
    for (attempt, signal) in [(1, Signal::ABORT), (2, Signal::FPE), (3, Signal::KILL)] {
        let render = worker.draws(id).await;
        kill_process(render, signal).expect("it runs");
        // A neighbour in the same worker.
        healthy.push(rig.enqueue("tiny").await);
        if attempt < 3 {
            rig.reaches(id, "queued").await;
            rig.hurry(id).await;
        }
    }
    let row = rig.reaches(id, "failed").await;
    assert_eq!((&*row.code, &*row.class, row.renders), ("render_crashed", "system", 3), "3 runs and no more");
    rig.assert_ended_without(id, "failed").await;
    for id in healthy {
        rig.reaches(id, "succeeded").await;
        rig.assert_succeeded(id).await;
    }
    assert!(worker.lives());
    worker.stop().await;
    rig.assert_spent("cmp_a", 3).await;
    rig.assert_spools_empty().await;
    rig.end().await;
}

#[tokio::test]
async fn f21_a_render_crashes_every_time() {
    a_render_crashes_every_time(Rig::servers().await).await;
}

#[tokio::test]
async fn f21_a_render_crashes_every_time_embedded() {
    a_render_crashes_every_time(Rig::embedded().await).await;
}

#[tokio::test]
async fn f21_a_render_wants_more_memory_than_it_may_have() {
    let rig = Rig::embedded().await;
    let id = rig.enqueue("tiny").await;
    let mut worker =
        rig.worker("a").set("QUOTEREEL_RENDER_MEMORY_MIB", "96").set("QUOTEREEL_MAX_ATTEMPTS", "1").start();
    let row = rig.reaches(id, "failed").await;
    assert_eq!((&*row.class, row.renders), ("system", 1), "{row:?}");
    assert!(["render_crashed", "render_failed"].contains(&&*row.code), "{row:?}");
    rig.assert_ended_without(id, "failed").await;
    assert!(worker.lives());
    worker.stop().await;
    rig.assert_spools_empty().await;
    rig.end().await;
}

/// The checksum of PNG chunks (ISO 3309).
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| (crc >> 1) ^ (0xEDB8_8320 & 0_u32.wrapping_sub(crc & 1)))
    })
}

/// A PNG that is small in bytes and gigantic in pixels.
fn giant_png() -> Vec<u8> {
    let mut header = b"IHDR".to_vec();
    header.extend(40_000_u32.to_be_bytes());
    header.extend(40_000_u32.to_be_bytes());
    header.extend([8, 6, 0, 0, 0]);
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    png.extend(13_u32.to_be_bytes());
    png.extend(&header);
    png.extend(crc32(&header).to_be_bytes());
    png.extend(b"\0\0\0\0IEND\xae\x42\x60\x82");
    png
}

fn svg(content: &str) -> Vec<u8> {
    let names = "xmlns='http://www.w3.org/2000/svg' xmlns:xlink='http://www.w3.org/1999/xlink'";
    format!("<svg {names} viewBox='0 0 9 9'>{content}</svg>").into_bytes()
}

async fn pictures_made_to_harm(rig: Rig) {
    let mut laughs = String::from("<rect id='n0' width='1' height='1'/>");
    for level in 1..12 {
        let uses = format!("<use xlink:href='#n{}'/>", level - 1).repeat(10);
        write!(laughs, "<g id='n{level}'>{uses}</g>").expect("a String takes everything");
    }
    let entities = "<!DOCTYPE svg [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;'>]><svg xmlns='http://www.w3.org/2000/svg'><text>&b;</text></svg>";
    let pictures = [
        ("giant", giant_png()),
        ("nested", svg(&"<g>".repeat(30_000))),
        ("laughs", svg(&laughs)),
        ("entities", entities.as_bytes().to_vec()),
        ("gif", b"GIF89a\xff\xff\xff\xff\0\0\0".to_vec()),
        ("cut", giant_png()[..40].to_vec()),
    ];
    // The cap on memory is the kernel's: what goes beyond it crashes, and then the job fails.
    let mut worker =
        rig.worker("a").set("QUOTEREEL_RENDER_MEMORY_MIB", "512").set("QUOTEREEL_MAX_ATTEMPTS", "1").start();
    for (name, bytes) in pictures {
        let data = format!("data:image/png;base64,{}", STANDARD.encode(bytes));
        let logo = |input: &mut serde_json::Value| input["company"]["logo"] = json!({ "data": data });
        let id = rig.enqueue_for("cmp_a", "tiny", name, logo).await;
        let row = rig.reaches(id, "succeeded").await;
        assert_eq!((row.attempts, row.renders), (1, 1), "{name}: a placeholder and no more than that");
        rig.assert_succeeded(id).await;
    }
    assert!(worker.log().contains("the video differs from what the quote asks for"), "a warning for the sender");
    assert!(worker.lives());
    worker.stop().await;
    rig.assert_spools_empty().await;
    rig.end().await;
}

#[tokio::test]
async fn f22_pictures_made_to_harm() {
    pictures_made_to_harm(Rig::servers().await).await;
}

/// A library that shifts the clock of a program, of Debian's package `libfaketime`.
fn clock_shifter() -> String {
    let places = [
        "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
        "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1",
    ];
    let found = places.into_iter().find(|place| Path::new(place).is_file());
    found.expect("libfaketime is installed: apt-get install libfaketime").to_owned()
}

/// Two workers whose clocks are an hour apart share a queue. The embedded database has no clock but the machine's, which
/// its workers share.
async fn the_clock_is_an_hour_off(shift: &str) {
    let rig = Rig::servers().await;
    let id = rig.enqueue("slow").await;
    let wrong = |spool: &str| {
        rig.worker(spool)
            .lease(5)
            .set("LD_PRELOAD", &clock_shifter())
            .set("FAKETIME", shift)
            .set("FAKETIME_DONT_FAKE_MONOTONIC", "1")
    };
    let right = rig.worker("right").lease(5).start();
    right.draws(id).await;
    // A worker in another time looks for expired leases: by its clock this one is long over, or has hardly begun.
    let other = wrong("wrong").start();
    other.says("the worker begins").await;
    let row = rig.reaches(id, "succeeded").await;
    assert_eq!((row.epoch, row.rescues), (1, 0), "only the database's clock counts");
    right.stop().await;
    // A bucket tells the time by the signature, and refuses this one; the worker learns the right time from the refusal.
    let next = rig.enqueue("tiny").await;
    let row = rig.reaches(next, "succeeded").await;
    assert_eq!((row.attempts, row.renders, row.rescues), (1, 1, 0));
    rig.assert_succeeded(next).await;
    assert!(other.log().contains("RequestTimeTooSkewed"), "it was refused, and said so");
    other.stop().await;
    rig.assert_succeeded(id).await;
    rig.end().await;
}

#[tokio::test]
async fn f19_the_clock_is_an_hour_fast() {
    the_clock_is_an_hour_off("+1h").await;
}

#[tokio::test]
async fn f19_the_clock_is_an_hour_slow() {
    the_clock_is_an_hour_off("-1h").await;
}
