//! Signals in the middle of a render: 128 + the signal as exit status, and not one file left.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Command, Stdio};

use crate::harness::{Bench, finish};
use crate::quotes::good;

fn bench() -> Bench {
    let bench = Bench::new();
    bench.put("q.json", good().to_string());
    bench
}

/// Starts a render, waits for the log line that says it draws frames, and sends `signal`.
fn interrupt(signal: &str, arguments: &[&str]) -> (Bench, Option<i32>) {
    let bench = bench();
    let mut command = bench.command(env!("CARGO_BIN_EXE_render"));
    let mut child = command.args(["video", "q.json", "-v"]).args(arguments).spawn().expect("render starts");
    let mut log = BufReader::new(child.stderr.take().expect("piped"));
    let mut line = String::new();
    while !line.contains("drawing frames") {
        line.clear();
        assert_ne!(log.read_line(&mut line).expect("readable"), 0, "the render ended before it drew");
    }
    send(signal, &child);
    let mut rest = String::new();
    log.read_to_string(&mut rest).expect("readable");
    let status = finish(child, b"").status.code();
    (bench, status)
}

#[test]
fn ctrl_c_and_termination_leave_nothing() {
    for (signal, expected) in [("INT", 130), ("TERM", 143), ("HUP", 129)] {
        for arguments in [&["-o", "out.mp4"][..], &["-o", "out.y4m"], &["-o", "-"]] {
            let (bench, status) = interrupt(signal, arguments);
            assert_eq!(status, Some(expected), "{signal} {arguments:?}");
            assert_eq!(bench.listing(), ["work/q.json"], "{signal} {arguments:?}");
        }
    }
}

/// Sends a signal to a child.
pub(crate) fn send(signal: &str, child: &std::process::Child) {
    let sent = Command::new("kill").args(["-s", signal, &child.id().to_string()]).status().expect("kill starts");
    assert!(sent.success());
}

#[test]
fn a_second_signal_ends_a_render_that_cannot_stop_and_leaves_nothing() {
    let bench = bench();
    let mut command = bench.command(env!("CARGO_BIN_EXE_render"));
    command.args(["video", "q.json", "-o", "-", "--format", "y4m", "--thumbnail", "t.jpg"]).stdout(Stdio::piped());
    let mut child = command.spawn().expect("render starts");
    // Half of the first frame: the program now waits to write the rest, and nobody reads on.
    let mut stream = child.stdout.take().expect("piped");
    stream.read_exact(&mut vec![0; 1 << 20]).expect("frames come");
    assert!(bench.listing().len() > 1, "the thumbnail's unfinished file is there");
    send("INT", &child);
    send("TERM", &child);
    assert_eq!(finish(child, b"").status.code(), Some(143));
    assert_eq!(bench.listing(), ["work/q.json"]);
}

#[test]
fn an_interrupted_render_keeps_the_file_that_was_there() {
    let bench = bench();
    bench.put("q.mp4", "yesterday's video");
    let mut command = bench.command(env!("CARGO_BIN_EXE_render"));
    // A stream nobody reads stops the render in its middle until the signal comes.
    command.args(["video", "q.json", "-o", "-", "--format", "y4m", "--thumbnail", "t.jpg"]).stdout(Stdio::piped());
    let mut child = command.spawn().expect("render starts");
    let mut first = [0; 9];
    child.stdout.as_mut().expect("piped").read_exact(&mut first).expect("frames come");
    assert_eq!(&first, b"YUV4MPEG2");
    send("INT", &child);
    assert_eq!(finish(child, b"").status.code(), Some(130));
    assert_eq!(bench.listing(), ["work/q.json", "work/q.mp4"]);
    assert_eq!(std::fs::read(bench.work().join("q.mp4")).expect("there"), b"yesterday's video");
}
