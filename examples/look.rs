//! scratch
use quotereel::{studio::*, geometry::Size, time::FrameRate};
fn main() {
    let out = std::env::args().nth(1).unwrap();
    let size = match std::env::var("SIZE").as_deref() { Ok("sq") => Size::new(1080,1080), Ok("ls") => Size::new(1920,1080), Ok("fd") => Size::new(1080,1350), _ => Size::new(1080,1920) };
    for path in std::env::args().skip(2) {
        let p = std::path::PathBuf::from(&path);
        let t = std::time::Instant::now();
        let order = Order { snapshot: std::fs::read(&p).unwrap(), base_dir: p.parent().map(Into::into), template: TemplateChoice::Builtin("quote-summary".into()), size, frame_rate: FrameRate::DEFAULT, allow_private_network: false, limits: Default::default() };
        match prepare(&order) {
            Ok(pr) => {
                let stem = p.file_stem().unwrap().to_string_lossy().into_owned();
                println!("{stem}: {} ms, prepared in {:?}", pr.duration_ms(), t.elapsed());
                for w in pr.warnings().iter() { println!("   {w}"); }
                let (f, name) = match std::env::var("AT") { Ok(at) => (pr.still(at.parse().unwrap()), format!("{out}/{stem}-{at}.png")), _ => (pr.sheet(), format!("{out}/{stem}.png")) };
                std::fs::write(name, quotereel::encode::png(&f).unwrap()).unwrap();
                println!("   drawn in {:?}", t.elapsed());
            }
            Err(e) => println!("{path}: {e}"),
        }
    }
}
