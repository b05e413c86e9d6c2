//! What a command line means, and which one is refused.

use clap::Parser as _;

use super::super::args::CommandLine;
use super::*;

fn task(line: &str) -> Result<Task, UsageError> {
    let typed = CommandLine::try_parse_from(line.split(' ')).expect("clap accepts it");
    Task::new(typed.command, typed.reporting.json)
}

fn video(line: &str) -> VideoTask {
    match task(line) {
        Ok(Task::Video(video)) => video,
        other => panic!("{other:?}"),
    }
}

#[test]
fn times_are_read_exactly() {
    for (text, expected) in
        [("1s", 1000), ("1500ms", 1500), ("2.5", 2500), ("0", 0), ("0.001s", 1), ("007", 7000), ("3600", 3_600_000)]
    {
        assert_eq!(milliseconds(text), Some(expected), "{text}");
    }
    for text in [
        "",
        "s",
        "ms",
        ".5",
        "1.",
        "-1",
        "+1",
        "1e3",
        "1,5",
        "1.5ms",
        "0.0001",
        "NaN",
        "inf",
        "3600.001",
        "1 s",
        "٣",
        "99999999999999999999",
    ] {
        assert_eq!(milliseconds(text), None, "{text}");
    }
}

#[test]
fn outputs_are_named_after_the_snapshot_and_land_in_the_current_folder() {
    let video = video("render video some/folder/offer.v2.json");
    assert_eq!(video.output, Output::File("offer.v2.mp4".into()));
    assert_eq!(video.thumbnail, Some("offer.v2.jpg".into()));
    assert_eq!(video.format, VideoFormat::Mp4);
    let Ok(Task::Sheet(sheet)) = task("render sheet -") else { panic!("a sheet") };
    assert_eq!(sheet.output, Output::File("quote-sheet.png".into()));
}

#[test]
fn a_thumbnail_lies_beside_an_mp4_and_nowhere_else() {
    assert_eq!(video("render video q.json -o out/x.MP4").thumbnail, Some("out/x.jpg".into()));
    for output in ["x.y4m", "x.webp", "x.gif"] {
        assert_eq!(video(&format!("render video q.json -o {output}")).thumbnail, None);
    }
    assert_eq!(video("render video q.json -o -").thumbnail, None);
    assert_eq!(video("render video q.json --no-thumbnail").thumbnail, None);
    assert_eq!(video("render video q.json -o - --thumbnail t.jpeg").thumbnail, Some("t.jpeg".into()));
}

#[test]
fn sound_is_the_templates_unless_another_is_named() {
    assert_eq!(video("render video q.json").sound, Sound::Template);
    assert_eq!(video("render video q.json --silent-audio").sound, Sound::Silence);
    assert_eq!(video("render video q.json -o - --audio a.ogg").sound, Sound::File("a.ogg".into()));
    assert_eq!(video("render video q.json -o x.y4m").sound, Sound::Template);
}

#[test]
fn sizes_have_names() {
    for (typed, width, height) in
        [("story", 1080, 1920), ("portrait", 1080, 1350), ("square", 1080, 1080), ("1920x1080", 1920, 1080)]
    {
        let video = video(&format!("render video q.json --size {typed}"));
        assert_eq!(video.source.size, Size::new(width, height));
    }
}

#[test]
fn a_template_with_a_slash_is_a_folder() {
    assert_eq!(video("render video q.json -t ./mine").source.template, TemplateChoice::Folder("./mine".into()));
    assert_eq!(video("render video q.json -t mine").source.template, TemplateChoice::Builtin("mine".into()));
}

#[test]
fn what_cannot_be_meant_is_refused() {
    let refused = |line: &str| task(line).expect_err(line).to_string();
    assert_eq!(refused("render video q.json -o x.mov"), "--output `x.mov` must end in .mp4, .webp, .gif or .y4m");
    assert_eq!(refused("render video q.json -o x"), "--output `x` must end in .mp4, .webp, .gif or .y4m");
    assert!(refused("render video q.json --thumbnail -").contains("only --output"));
    assert!(refused("render video q.json --thumbnail t.png").contains(".jpg or .jpeg"));
    assert!(refused("render video q.json --thumbnail t.jpg --small-thumbnail t.jpg").contains("twice"));
    assert!(refused("render video q.json --json -o -").contains("both write to stdout"));
    assert!(refused("render video q.json -o x.mp4 --format y4m").contains("`-o -`"));
    assert!(refused("render video q.json --param accent").contains("NAME=VALUE"));
    assert!(refused("render video q.json --param =1").contains("NAME=VALUE"));
    assert!(refused("render video q.json --param a=1 --param a=2").contains("given twice"));
    assert!(refused("render bench -").contains("give files"));
    assert!(refused("render video q.json -o x.y4m --timing vfr").contains("--timing vfr"));
    assert!(refused("render video q.json -o x.gif --timing cfr").contains("--timing is for MP4"));
    assert!(refused("render video q.json -o - --format webp --preset fast").contains("--preset is for MP4"));
    assert!(refused("render video q.json -o x.webp --audio a.ogg").contains("--audio is for MP4"));
    assert!(refused("render watch -").contains("not `-`"));
    assert!(refused("render watch q.json -o -").contains("--output"));
    assert!(refused("render video q.json -o x.y4m --audio a.ogg").contains("--audio is for MP4"));
    assert!(refused("render video q.json -o - --format y4m --silent-audio").contains("--silent-audio is for MP4"));
    assert!(refused("render video q.json --audio -").contains("give a file"));
    assert!(refused("render still q.json --at soon").contains("1500ms"));
    assert!(refused("render still q.json -o x.jpg").contains(".png"));
}
