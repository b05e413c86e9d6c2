//! Pictures from outside, through the public door: a real HTTP server on loopback that misbehaves in every way, files
//! and links on disk, and content made to harm.

use std::fmt::Write as _;
use std::fs;
use std::io::{Cursor, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use image::{ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};
use proptest::prelude::*;
use quotereel::ground::frame::RgbaFrame;
use quotereel::ground::geometry::Size;
use quotereel::quote::asset::{AssetError, Limits, Policy, Source, load_all};

type Loaded = Result<Arc<RgbaFrame>, AssetError>;

/// 16x16 of #2060C0, VP8.
const LOSSY_WEBP: &str = "UklGRjoAAABXRUJQVlA4IC4AAADQAQCdASoQABAAAUAmJaACdLoB+AADsAD+8JtD/1aHy0Plofuff/MEr8g3KgAA";
/// 8x8, two frames: red, then blue.
const ANIMATED_WEBP: &str = "UklGRoQAAABXRUJQVlA4WAoAAAACAAAABwAABwAAQU5JTQYAAAD/////AQBBTk1GKAAAAAAAAAAAAAcAAAcAAMgAAAJWUDhMDwAAAC8HwAEABxDtj/4HIqL/AQBBTk1GKAAAAAAAAAAAAAcAAAcAAMgAAABWUDhMDwAAAC8HwAEABxBR//4HIqL/AQA=";

fn load(source: Source, policy: &Policy) -> Loaded {
    load_all(&[source], policy).remove(0)
}

fn load_bytes(bytes: &[u8]) -> Loaded {
    load(Source::Data(format!("data:;base64,{}", STANDARD.encode(bytes))), &Policy::default())
}

fn code(loaded: &Loaded) -> &'static str {
    loaded.as_ref().map_or_else(AssetError::code, |_| "loaded")
}

fn private() -> Policy {
    let limits = Limits { per_asset_deadline: Duration::from_millis(300), ..Limits::default() };
    Policy { allow_private_network: true, limits, ..Policy::default() }
}

fn png(size: u32) -> Vec<u8> {
    encode(&RgbImage::from_pixel(size, size, Rgb([10, 20, 30])).into(), ImageFormat::Png)
}

fn encode(picture: &image::DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Vec::new();
    picture.write_to(&mut Cursor::new(&mut bytes), format).expect("encodes");
    bytes
}

/// Answers every connection with `answer(path, connection)` and counts them.
fn serve(
    answer: impl Fn(&str, &mut TcpStream) -> std::io::Result<()> + Send + Sync + 'static,
) -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("binds");
    let port = listener.local_addr().expect("bound").port();
    let (hits, answer) = (Arc::new(AtomicUsize::new(0)), Arc::new(answer));
    let counted = Arc::clone(&hits);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            counted.fetch_add(1, Ordering::SeqCst);
            let answer = Arc::clone(&answer);
            thread::spawn(move || {
                let mut stream = stream;
                let mut request = Vec::new();
                let mut byte = [0];
                while !request.ends_with(b"\r\n\r\n") && matches!(stream.read(&mut byte), Ok(1)) {
                    request.push(byte[0]);
                }
                let request = String::from_utf8_lossy(&request).into_owned();
                let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
                // A client that hangs up early is what some tests are about.
                drop(answer(&path, &mut stream));
            });
        }
    });
    (port, hits)
}

fn respond(stream: &mut TcpStream, status: &str, headers: &str, body: &[u8]) -> std::io::Result<()> {
    write!(stream, "HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n{headers}\r\n", body.len())?;
    stream.write_all(body)
}

fn fetch(
    path: &str,
    policy: &Policy,
    answer: impl Fn(&str, &mut TcpStream) -> std::io::Result<()> + Send + Sync + 'static,
) -> Loaded {
    let (port, _) = serve(answer);
    load(Source::Url(format!("http://127.0.0.1:{port}{path}")), policy)
}

#[test]
fn a_picture_is_fetched_whatever_its_header_claims_and_only_once() {
    let (port, hits) = serve(|_, stream| respond(stream, "200 OK", "content-type: text/html\r\n", &png(4)));
    let source = Source::Url(format!("http://127.0.0.1:{port}/logo.gif"));
    let loaded = load_all(&[source.clone(), Source::Key("k".to_owned()), source], &private());
    assert_eq!(loaded[0].as_ref().map(|frame| frame.pixel(3, 3)), Ok([10, 20, 30, 255]));
    assert_eq!(code(&loaded[1]), "asset_key_not_available");
    assert_eq!(loaded[0], loaded[2]);
    assert_eq!(hits.load(Ordering::SeqCst), 1);
}

#[test]
fn an_object_comes_from_the_file_that_was_fetched_for_its_key() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("0");
    std::fs::write(&path, png(4)).expect("written");
    let keys = ["logo.png", "other.png", "folder"].map(|key| Source::Key(key.to_owned()));
    let keyed_files =
        [("logo.png".to_owned(), path), ("folder".to_owned(), folder.path().to_owned())].into_iter().collect();
    let mut policy = Policy { keyed_files, ..Policy::default() };
    let codes: Vec<_> = load_all(&keys, &policy).iter().map(code).collect();
    assert_eq!(codes, ["loaded", "asset_key_not_available", "asset_bad_file"]);
    policy.limits.max_bytes = 10;
    assert_eq!(code(&load_all(&keys, &policy)[0]), "asset_too_large");
}

#[test]
fn loading_works_inside_an_asynchronous_runtime() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("runtime");
    let loaded = runtime.block_on(async { fetch("/", &private(), |_, stream| respond(stream, "200 OK", "", &png(4))) });
    assert_eq!(code(&loaded), "loaded");
}

#[test]
fn bad_answers_are_named() {
    let cases: [(&str, &str); 6] = [
        ("404 Not Found", "asset_bad_status"),
        ("500 Oops", "asset_bad_status"),
        ("204 No Content", "asset_bad_status"),
        ("206 Partial Content", "asset_bad_status"),
        ("302 Found", "asset_bad_redirect"),
        ("999 Odd", "asset_bad_status"),
    ];
    for (status, expected) in cases {
        let loaded = fetch("/", &private(), move |_, stream| respond(stream, status, "", &png(4)));
        assert_eq!(code(&loaded), expected, "{status}");
    }
    let not_http = fetch("/", &private(), |_, stream| stream.write_all(b"SSH-2.0-x\r\n\r\n"));
    assert_eq!(code(&not_http), "asset_unreachable");
    let html =
        fetch("/", &private(), |_, stream| respond(stream, "200 OK", "content-type: image/png\r\n", b"<html></html>"));
    assert_eq!(code(&html), "asset_not_a_picture");
    let empty = fetch("/", &private(), |_, stream| respond(stream, "200 OK", "", b""));
    assert_eq!(code(&empty), "asset_not_a_picture");
}

#[test]
fn compressed_bodies_are_not_unpacked() {
    let gzip = b"\x1f\x8b\x08\0\0\0\0\0\0\x03";
    let loaded = fetch("/", &private(), |_, stream| respond(stream, "200 OK", "content-encoding: gzip\r\n", gzip));
    assert_eq!(code(&loaded), "asset_not_a_picture");
}

#[test]
fn a_connection_closed_early_is_not_a_picture() {
    let loaded = fetch("/", &private(), |_, stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n\x89PNG\r\n\x1a\n")
    });
    assert_eq!(code(&loaded), "asset_unreachable");
}

#[test]
fn silence_and_trickles_end_at_the_deadline() {
    let silent = fetch("/", &private(), |_, stream| {
        // Blocks until the client gives up.
        stream.read(&mut [0]).map(drop)
    });
    assert_eq!(code(&silent), "asset_timeout");
    let trickle = fetch("/", &private(), |_, stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n")?;
        loop {
            stream.write_all(b"x")?;
            thread::sleep(Duration::from_millis(20));
        }
    });
    assert_eq!(code(&trickle), "asset_timeout");
}

#[test]
fn silence_ends_sooner_than_a_slow_picture() {
    let mut policy = private();
    policy.limits.per_asset_deadline = Duration::from_secs(3600);
    policy.limits.answer_deadline = Duration::from_millis(150);
    let silent = fetch("/", &policy, |_, stream| stream.read(&mut [0]).map(drop));
    assert_eq!(code(&silent), "asset_timeout");
    assert!(silent.is_err_and(|error| error.is_transient() && error.to_string().contains("no answer within 150 ms")));
    policy.limits.answer_deadline = Duration::from_secs(2);
    let slow = fetch("/", &policy, |_, stream| {
        let body = png(4);
        write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len())?;
        stream.flush()?;
        thread::sleep(Duration::from_millis(2300));
        stream.write_all(&body)
    });
    assert_eq!(code(&slow), "loaded");
}

#[test]
fn the_deadline_for_all_ends_what_is_left() {
    let (port, _) = serve(|_, stream| stream.read(&mut [0]).map(drop));
    let mut policy = private();
    policy.limits.per_asset_deadline = Duration::from_secs(3600);
    policy.limits.total_deadline = Duration::from_millis(200);
    policy.limits.max_parallel_fetches = 1;
    let sources: Vec<_> = (0..4).map(|n| Source::Url(format!("http://127.0.0.1:{port}/{n}"))).collect();
    let loaded = load_all(&sources, &policy);
    assert!(loaded.iter().all(|loaded| code(loaded) == "asset_timeout"));
}

#[test]
fn endless_and_announced_bodies_are_cut_off() {
    let mut policy = private();
    policy.limits.max_bytes = 50_000;
    policy.limits.per_asset_deadline = Duration::from_secs(3600);
    let endless = fetch("/", &policy, |_, stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n")?;
        loop {
            stream.write_all(&[0; 4096])?;
        }
    });
    assert_eq!(code(&endless), "asset_too_large");
    let announced = fetch("/", &policy, |_, stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 50001\r\n\r\n")?;
        stream.read(&mut [0]).map(drop)
    });
    assert_eq!(code(&announced), "asset_too_large");
}

#[test]
fn redirects_are_followed_three_times_and_no_more() {
    let chain = |path: &str, stream: &mut TcpStream| {
        let left: u32 = path[1..].parse().unwrap_or(0);
        match left {
            0 => respond(stream, "200 OK", "", &png(4)),
            _ => respond(stream, "302 Found", &format!("location: /{}\r\n", left - 1), b""),
        }
    };
    assert_eq!(code(&fetch("/3", &private(), chain)), "loaded");
    assert_eq!(code(&fetch("/4", &private(), chain)), "asset_bad_redirect");
    let to_itself = fetch("/", &private(), |_, stream| respond(stream, "301 Moved", "location: /\r\n", b""));
    assert_eq!(code(&to_itself), "asset_bad_redirect");
    for target in ["file:///etc/passwd", "http://169.254.169.254/", "http://u:p@127.0.0.1/", "gopher://x/"] {
        let loaded =
            fetch("/", &private(), move |_, s| respond(s, "302 Found", &format!("location: {target}\r\n"), b""));
        assert_eq!(code(&loaded), "asset_address_refused", "{target}");
    }
}

#[test]
fn a_canary_on_loopback_is_never_reached() {
    let (port, hits) = serve(|_, stream| respond(stream, "200 OK", "", &png(4)));
    let sources: Vec<_> =
        ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "0177.0.0.1", "[::ffff:127.0.0.1]", "0", "127.1"]
            .iter()
            .flat_map(|host| [format!("http://{host}:{port}/"), format!("http://{host}/")])
            .map(Source::Url)
            .collect();
    for loaded in load_all(&sources, &Policy::default()) {
        assert_eq!(code(&loaded), "asset_address_refused", "{loaded:?}");
    }
    assert_eq!(hits.load(Ordering::SeqCst), 0);
}

#[test]
fn a_redirect_to_a_refused_address_sends_nothing_there() {
    // 0.0.0.0 reaches a listener on loopback, and is refused even where private networks are allowed.
    let (canary, hits) = serve(|_, stream| respond(stream, "200 OK", "", &png(4)));
    let redirect_to = |host: &'static str| {
        fetch("/", &private(), move |_, stream| {
            respond(stream, "302 Found", &format!("location: http://{host}:{canary}/\r\n"), b"")
        })
    };
    for host in ["0.0.0.0", "0", "[::]", "[::ffff:0.0.0.0]"] {
        assert_eq!(code(&redirect_to(host)), "asset_address_refused", "{host}");
    }
    assert_eq!(hits.load(Ordering::SeqCst), 0);
    assert_eq!((code(&redirect_to("127.0.0.1")), hits.load(Ordering::SeqCst)), ("loaded", 1));
}

#[test]
fn nothing_listening_is_unreachable() {
    let port = TcpListener::bind(("127.0.0.1", 0)).and_then(|l| l.local_addr()).expect("bound").port();
    let loaded = load(Source::Url(format!("http://127.0.0.1:{port}/a.png?token=s3cret")), &private());
    assert_eq!(code(&loaded), "asset_unreachable");
    let message = loaded.expect_err("unreachable").to_string();
    assert!(message.contains("/a.png") && !message.contains("s3cret"), "{message}");
}

#[cfg(unix)]
#[test]
fn files_stay_inside_their_folder() {
    let outside = tempfile::tempdir().expect("folder");
    let inside = outside.path().join("inside");
    fs::create_dir(&inside).expect("folder");
    fs::write(outside.path().join("secret.png"), png(2)).expect("written");
    fs::write(inside.join("logo.png"), png(4)).expect("written");
    fs::write(inside.join("large.png"), vec![0; 2000]).expect("written");
    std::os::unix::fs::symlink("../secret.png", inside.join("link.png")).expect("linked");
    std::os::unix::fs::symlink("logo.png", inside.join("alias.png")).expect("linked");
    let socket = std::os::unix::net::UnixListener::bind(inside.join("socket"));
    let mut policy = Policy { base_dir: Some(inside.clone()), ..Policy::default() };
    policy.limits.max_bytes = 1000;
    let code_of = |path: PathBuf| code(&load(Source::File(path), &policy));
    for (path, expected) in [
        ("logo.png", "loaded"),
        ("./alias.png", "loaded"),
        ("../inside/logo.png", "loaded"),
        ("../secret.png", "asset_outside_folder"),
        ("link.png", "asset_outside_folder"),
        ("/etc/passwd", "asset_outside_folder"),
        ("/dev/zero", "asset_outside_folder"),
        ("missing.png", "asset_bad_file"),
        (".", "asset_bad_file"),
        ("", "asset_bad_file"),
        ("socket", "asset_bad_file"),
        ("large.png", "asset_too_large"),
        ("a\0b", "asset_bad_file"),
    ] {
        assert_eq!(code_of(PathBuf::from(path)), expected, "{path}");
    }
    drop(socket);
    assert_eq!(code(&load(Source::File("logo.png".into()), &Policy::default())), "asset_bad_file");
}

#[test]
fn limits_on_all_pictures_together_hold_in_order() {
    let sources: Vec<_> =
        (1..=10u32).map(|size| Source::Data(format!("data:;base64,{}", STANDARD.encode(png(size))))).collect();
    let mut policy = Policy::default();
    policy.limits.max_count = 3;
    let codes: Vec<_> = load_all(&sources, &policy).iter().map(code).collect();
    assert_eq!(codes[..4], ["loaded", "loaded", "loaded", "asset_too_many"]);
    let mut policy = Policy::default();
    // 1 + 4 + 9 pixels fit, the sixteen of the fourth do not, nor does anything after it.
    policy.limits.max_kept_bytes = 4 * 20;
    let codes: Vec<_> = load_all(&sources, &policy).iter().map(code).collect();
    assert_eq!(codes.iter().filter(|code| **code == "loaded").count(), 3);
    assert!(codes[3..].iter().all(|code| *code == "asset_too_many"));
}

#[test]
fn bitmaps_of_every_kind_are_decoded() {
    let picture =
        RgbaImage::from_fn(6, 4, |x, _| if x < 3 { Rgba([200, 100, 50, 255]) } else { Rgba([200, 100, 50, 0]) });
    let picture = image::DynamicImage::from(picture);
    for bytes in [
        encode(&picture, ImageFormat::Png),
        encode(&picture.to_rgba16().into(), ImageFormat::Png),
        encode(&picture, ImageFormat::WebP),
    ] {
        let frame = load_bytes(&bytes).expect("decodes");
        assert_eq!(
            (frame.size(), frame.pixel(0, 0), frame.pixel(5, 3)),
            (Size::new(6, 4), [200, 100, 50, 255], [0; 4])
        );
    }
    let grey = encode(&image::GrayImage::from_pixel(3, 3, image::Luma([77])).into(), ImageFormat::Png);
    assert_eq!(load_bytes(&grey).map(|frame| frame.pixel(1, 1)), Ok([77, 77, 77, 255]));
    let jpeg = encode(&picture.to_rgb8().into(), ImageFormat::Jpeg);
    assert_eq!(code(&load_bytes(&jpeg)), "loaded");
    let lossy = load_bytes(&STANDARD.decode(LOSSY_WEBP).expect("base64")).expect("decodes");
    assert!(lossy.pixel(8, 8).iter().zip([0x20u8, 0x60, 0xc0, 255]).all(|(a, b)| a.abs_diff(b) < 8));
    let animated = load_bytes(&STANDARD.decode(ANIMATED_WEBP).expect("base64")).expect("decodes");
    assert_eq!(animated.pixel(4, 4)[3], 255);
    assert!(animated.pixel(4, 4)[0] > 240 && animated.pixel(4, 4)[2] < 16, "{:?}", animated.pixel(4, 4));
}

#[test]
fn a_print_jpeg_in_cmyk_keeps_its_red() {
    // One 8x8 block per component. Adobe stores ink inverted: C and K without ink are 255, M and Y full are 0.
    let mut jpeg = b"\xff\xd8\xff\xee\0\x0eAdobe\0\x64\0\0\0\0\0".to_vec();
    jpeg.extend(b"\xff\xdb\0\x43\0");
    jpeg.extend([8; 64]);
    jpeg.extend(b"\xff\xc0\0\x14\x08\0\x08\0\x08\x04\x01\x11\0\x02\x11\0\x03\x11\0\x04\x11\0");
    jpeg.extend(b"\xff\xc4\0\x16\x00\0\x03\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x07\x08");
    jpeg.extend(b"\xff\xc4\0\x14\x10\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0");
    jpeg.extend(b"\xff\xda\0\x0e\x04\x01\0\x02\0\x03\0\x04\0\0\x3f\0");
    // DC category and bits, then end of block: 01 1111111 0 for 255, 10 01111111 0 for 0.
    let blocks = ["0111111110", "10011111110", "10011111110", "0111111110"].concat();
    let blocks = format!("{blocks:1<48}");
    for byte in blocks.as_bytes().chunks(8) {
        let byte = u8::from_str_radix(std::str::from_utf8(byte).expect("ascii"), 2).expect("bits");
        jpeg.push(byte);
        if byte == 0xff {
            jpeg.push(0);
        }
    }
    jpeg.extend(b"\xff\xd9");
    let frame = load_bytes(&jpeg).expect("decodes");
    let [r, g, b, a] = frame.pixel(4, 4);
    assert!(r > 240 && g < 16 && b < 16 && a == 255, "{r} {g} {b} {a}");
}

#[test]
fn exif_orientation_turns_the_picture() {
    let picture = RgbImage::from_fn(32, 16, |x, _| if x < 16 { Rgb([255, 0, 0]) } else { Rgb([0, 0, 255]) });
    let plain = encode(&picture.into(), ImageFormat::Jpeg);
    // APP1 with one entry: orientation 6, turn a quarter clockwise.
    let exif = b"\xff\xe1\0\x22Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
    let turned = [&plain[..2], exif, &plain[2..]].concat();
    let frame = load_bytes(&turned).expect("decodes");
    assert_eq!(frame.size(), Size::new(16, 32));
    assert!(frame.pixel(8, 4)[0] > 200 && frame.pixel(8, 28)[2] > 200);
}

#[test]
fn large_pictures_are_reduced_and_giant_ones_refused_by_their_header() {
    let frame = load_bytes(&png(3000)).expect("decodes");
    assert_eq!((frame.size(), frame.pixel(800, 800)), (Size::new(1600, 1600), [10, 20, 30, 255]));
    let mut giant = png(4);
    giant[16..24].copy_from_slice(&[0, 0, 0x9c, 0x40, 0, 0, 0x9c, 0x40]);
    let refused = load_bytes(&giant);
    assert_eq!(code(&refused), "asset_too_large");
    let message = refused.expect_err("refused").to_string();
    assert!(message.contains("40000x40000") && message.contains("8192"), "{message}");
    giant[16..24].copy_from_slice(&[0, 0, 0x1f, 0xff, 0, 0, 0x1f, 0xff]);
    assert!(load_bytes(&giant).expect_err("refused").to_string().contains("25000000"));
    giant[16..24].fill(0);
    assert_eq!(code(&load_bytes(&giant)), "asset_undecodable");
}

#[test]
fn broken_pictures_are_refused() {
    let whole = png(64);
    for keep in [8, 15, 20, 33, 40, whole.len() / 2, whole.len() - 20] {
        assert_eq!(code(&load_bytes(&whole[..keep])), "asset_undecodable", "{keep}");
    }
    let jpeg = encode(&RgbImage::new(8, 8).into(), ImageFormat::Jpeg);
    assert_eq!(code(&load_bytes(&jpeg[..20])), "asset_undecodable");
    let scan = jpeg.windows(2).position(|pair| pair == b"\xff\xda").expect("a scan");
    let header = &jpeg[..scan];
    let many = [header, &b"\xff\xda\0\x08\x01\x01\0\0\x3f\0".repeat(101), b"\xff\xd9"].concat();
    assert!(load_bytes(&many).expect_err("refused").to_string().contains("scans"));
    for other in [&b"GIF89a"[..], b"BM", b"%PDF-1.7", b"\x1f\x8b\x08", b"<html/>", b"\0\0\0\x1cftypavif", b"", b"<"] {
        assert_eq!(code(&load_bytes(other)), "asset_not_a_picture", "{other:?}");
    }
}

fn svg(content: &str) -> Loaded {
    load_bytes(format!("<svg xmlns='http://www.w3.org/2000/svg' xmlns:xlink='http://www.w3.org/1999/xlink' viewBox='0 0 20 10'>{content}</svg>").as_bytes())
}

#[test]
fn an_svg_is_drawn_at_the_target_size() {
    let frame = svg("<rect width='10' height='10' fill='#f00'/>").expect("drawn");
    assert_eq!(
        (frame.size(), frame.pixel(300, 300), frame.pixel(900, 300)),
        (Size::new(1200, 600), [255, 0, 0, 255], [0; 4])
    );
    let half = svg("<rect width='20' height='10' fill='#f00' opacity='0.5'/>").expect("drawn");
    assert!(half.pixel(1, 1)[0].abs_diff(128) < 2 && half.pixel(1, 1)[3].abs_diff(128) < 2);
    let uri = "data:image/svg+xml;utf8,<svg xmlns='http://www.w3.org/2000/svg' width='2' height='2'><path d='M0 0h2v2H0z' fill='#0f0'/></svg>";
    let plain = load(Source::Data(uri.to_owned()), &Policy::default()).expect("drawn");
    assert_eq!(plain.pixel(5, 5), [0, 255, 0, 255]);
    let exported = "\u{feff}<?xml version='1.0'?><!-- < > --><!DOCTYPE svg PUBLIC '-//W3C//DTD SVG 1.1//EN' 'x.dtd'><svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 9 9'><style>.a{fill:#00f;clip-path:url(#c)}</style><clipPath id='c'><path d='M0 0h9v9z'/></clipPath><g clip-path='url(#c)'><rect class='a' width='9' height='9'/></g></svg>";
    assert_eq!(load_bytes(exported.as_bytes()).map(|frame| frame.pixel(1000, 100)), Ok([0, 0, 255, 255]));
}

/// A logo without its name is another logo.
#[test]
fn an_svg_with_words_or_pictures_among_its_shapes_is_refused() {
    const DOT: &str = "<circle cx='5' cy='5' r='4' fill='#f00'/>";
    for shown in ["<text x='1' y='9'>ACME</text>", "<image href='data:image/png;base64,AAAA' width='5' height='5'/>"] {
        let loaded = svg(&format!("{DOT}{shown}"));
        assert_eq!(code(&loaded), "asset_svg_refused", "{shown}: {loaded:?}");
    }
    for unseen in ["<title>ACME</title>", "<text x='1' y='9'> </text>", "<defs><text id='t'>ACME</text></defs>"] {
        let loaded = svg(&format!("{DOT}{unseen}"));
        assert_eq!(code(&loaded), "loaded", "{unseen}: {loaded:?}");
    }
}

#[test]
fn hostile_svgs_are_refused() {
    let mut laughs = String::from("<rect id='n0' width='1' height='1'/>");
    for level in 1..12 {
        let _ = write!(laughs, "<g id='n{level}'>{}</g>", format!("<use xlink:href='#n{}'/>", level - 1).repeat(10));
    }
    let mut masks = String::from("<mask id='m0'><rect width='9' height='9' fill='#fff'/></mask>");
    for level in 1..12 {
        let shape = format!("<rect width='9' height='9' fill='#fff' mask='url(#m{})'/>", level - 1);
        let _ = write!(masks, "<mask id='m{level}'>{}</mask>", shape.repeat(10));
    }
    let mut styled = String::from("<style>");
    for level in 0..12 {
        let _ = write!(styled, ".m{}{{mask:url(#m{level})}}", level + 1);
    }
    styled.push_str("</style>");
    for level in 0..12 {
        let _ = write!(
            styled,
            "<mask id='m{level}'>{}</mask>",
            format!("<rect class='m{level}' width='9' height='9'/>").repeat(10)
        );
    }
    let mut chain = String::from("<rect id='c0' width='1' height='1'/>");
    for level in 1..2000 {
        let _ = write!(chain, "<g id='c{level}'><use href='#c{}'/></g>", level - 1);
    }
    let layers =
        "<g opacity='.9'>".repeat(90) + "<rect x='-90' y='-90' width='200' height='200'/>" + &"</g>".repeat(90);
    let lines = "M0 5h20h-20".repeat(9000);
    let bytes =
        format!("<defs><path id='p' d='M0 0h1v1{}'/></defs>", "h0".repeat(50_000)) + &"<use href='#p'/>".repeat(200);
    let css = format!("<style>{}</style>{}", "g g g g{fill:red}".repeat(50), "<g>".repeat(50) + &"</g>".repeat(50));
    for (name, content) in [
        ("laughs", laughs),
        ("masks", masks),
        ("styled masks", styled),
        ("chain", chain),
        ("deep", "<g>".repeat(30_000)),
        ("cycle", "<g id='a'><use href='#a'/></g>".to_owned()),
        ("pattern", "<pattern id='p'/><rect width='9' height='9'/>".to_owned()),
        ("many", "<path d='M0 0h20v10H0z'/>".repeat(9000)),
        ("layers", layers),
        ("dashes", "<path d='M0 0h20' stroke='#000' stroke-dasharray='.0001'/>".to_owned()),
        ("hairlines", format!("<path d='{lines}' fill='none' stroke='#000' stroke-width='.001'/>")),
        ("bytes", bytes),
        ("gradients", "<linearGradient id='g'><stop stop-opacity='.5'/><stop offset='1'/></linearGradient>".to_owned() + &"<path d='M0 0h20v10H0z' fill='url(#g)'/>".repeat(400)),
        ("css", css),
        ("only text", "<text y='9'>ACME</text>".to_owned()),
        ("external", "<image href='file:///etc/passwd' width='9' height='9'/><image href='http://127.0.0.1/x' width='9' height='9'/>".to_owned()),
        ("empty", String::new()),
    ] {
        let loaded = svg(&content);
        assert_eq!(code(&loaded), "asset_svg_refused", "{name}: {loaded:?}");
    }
    let entities =
        "<!DOCTYPE svg [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;'>]><svg xmlns='http://www.w3.org/2000/svg'>&b;</svg>";
    assert_eq!(code(&load_bytes(entities.as_bytes())), "asset_svg_refused");
    assert_eq!(code(&load_bytes("<svg>".repeat(50_000).as_bytes())), "asset_svg_refused");
    assert_eq!(code(&load_bytes(("<svg>".to_owned() + &" ".repeat(300_000)).as_bytes())), "asset_too_large");
    for broken in [
        "<svg",
        "<svg/>",
        "<svg xmlns='http://www.w3.org/2000/svg' width='0' height='5'><rect width='1' height='1'/></svg>",
    ] {
        assert!(load_bytes(broken.as_bytes()).is_err(), "{broken}");
    }
    let huge = "<svg xmlns='http://www.w3.org/2000/svg' width='1e30' height='1e-30' viewBox='-1e38 -1e38 3e38 3e38'><rect width='1e38' height='1e38'/></svg>";
    let loaded = load_bytes(huge.as_bytes());
    assert!(loaded.as_ref().map_or(true, |frame| frame.size().width <= 1200), "{loaded:?}");
}

#[test]
fn what_costs_too_much_in_full_is_drawn_smaller() {
    let layered = |layers: usize| svg(&"<path d='M0 0h20v10H0z' fill='#f00' fill-opacity='.5'/>".repeat(layers));
    for (layers, width) in [(20, 1200), (60, 600), (300, 300)] {
        let size = layered(layers).map(|frame| frame.size());
        assert_eq!(size, Ok(Size::new(width, width / 2)), "{layers} layers");
    }
    assert_eq!(code(&layered(2000)), "asset_svg_refused");
}

#[test]
fn filters_are_left_out_and_the_shape_stays() {
    let shadow = "<filter id='f'><feTurbulence numOctaves='9999'/><feGaussianBlur stdDeviation='9999'/></filter><style>rect{filter:url(#f)!important}</style><rect filter='url(#f)' style='filter:blur(5px)' width='20' height='10' fill='#f00'/>";
    let loaded = svg(shadow);
    // An author's `!important` may win over ours: then the picture is refused, never filtered.
    assert!(matches!(code(&loaded), "loaded" | "asset_svg_refused"), "{loaded:?}");
    let plain = svg(
        "<filter id='f'><feGaussianBlur stdDeviation='3'/></filter><g filter='url(#f)'><rect width='20' height='10' fill='#f00'/></g>",
    );
    assert_eq!(plain.map(|frame| frame.pixel(0, 0)), Ok([255, 0, 0, 255]));
}

#[test]
fn messages_are_short_and_name_the_source() {
    let long = format!("data:image/png;base64,{}", "A".repeat(5000));
    let message = load(Source::Data(long), &Policy::default()).expect_err("no picture").to_string();
    assert!(message.len() < 200 && message.contains("data:image/png;base64 (5022 bytes)"), "{message}");
    let message =
        load(Source::Url(format!("http://{}/\n", "a".repeat(1000))), &Policy::default()).expect_err("no").to_string();
    assert!(message.len() < 400 && !message.contains('\n'), "{message}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damaged_pictures_never_panic(
        kind in 0usize..6,
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
        cut in any::<prop::sample::Index>(),
        cuts in any::<bool>(),
    ) {
        let picture = image::DynamicImage::from(RgbaImage::from_fn(24, 24, |x, y| Rgba([x.to_le_bytes()[0] * 9, y.to_le_bytes()[0] * 9, 99, 200])));
        let mut bytes = match kind {
            0 => encode(&picture, ImageFormat::Png),
            1 => encode(&picture.to_rgb8().into(), ImageFormat::Jpeg),
            2 => encode(&picture, ImageFormat::WebP),
            3 => STANDARD.decode(LOSSY_WEBP).expect("base64"),
            4 => STANDARD.decode(ANIMATED_WEBP).expect("base64"),
            _ => b"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 9 9'><style>.a{fill:#00f}</style><g opacity='.5' transform='rotate(9)'><path class='a' stroke='red' stroke-dasharray='1 2' d='M0 0h9v9a3 3 0 1 0 4 4z'/></g></svg>".to_vec(),
        };
        for (at, value) in damage {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        if cuts {
            bytes.truncate(cut.index(bytes.len()));
        }
        if let Ok(frame) = load_bytes(&bytes) {
            prop_assert!(frame.size().width.max(frame.size().height) <= 1600);
            prop_assert!(frame.pixels().as_chunks::<4>().0.iter().all(|[r, g, b, a]| r <= a && g <= a && b <= a));
        }
    }

    #[test]
    fn any_text_as_any_source_never_panics(text in ".{0,60}") {
        let policy = Policy { base_dir: Some(std::env::temp_dir()), ..Policy::default() };
        let sources = [Source::Data(text.clone()), Source::File(text.clone().into()), Source::Data(format!("data:,<svg {text}"))];
        prop_assert!(load_all(&sources, &policy).iter().all(Result::is_err));
        prop_assert!(Source::Url(text).display_name().chars().count() <= 130);
    }
}
