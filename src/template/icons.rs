//! The bundled icons, which every template can use: our own drawings, lines on a grid of 24 x 24.

/// Width of their lines on the grid.
pub(super) const STROKE: f32 = 2.0;

/// Names and SVG path data, in alphabetical order. Everything keeps a unit away from the grid's edge, for its line.
const ICONS: [(&str, &str); 24] = [
    ("arrow", "M4 12h16M13.5 5.5L20 12l-6.5 6.5"),
    ("bolt", "M13 2.5L4.5 13.5H11l-1 8l8.5-11H12z"),
    ("building", "M6 21V4a1 1 0 0 1 1-1h7a1 1 0 0 1 1 1v17M15 10h3a1 1 0 0 1 1 1v10M3 21h18M9 7.5h3M9 11.5h3M9 15.5h3"),
    (
        "calendar",
        "M5 5h14a2 2 0 0 1 2 2v12a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2V7a2 2 0 0 1 2-2zM3 10h18M8 2.5v4.5M16 2.5v4.5",
    ),
    ("card", "M4 5h16a2 2 0 0 1 2 2v10a2 2 0 0 1-2 2H4a2 2 0 0 1-2-2V7a2 2 0 0 1 2-2zM2 10h20M6 15h4"),
    ("chat", "M12 3a9 9 0 1 1-4.3 16.9L3 21l1.1-4.7A9 9 0 0 1 12 3zM8.2 12h.01M12 12h.01M15.8 12h.01"),
    ("check", "M4 12.5L9.5 18L20 6.5"),
    ("clock", "M12 3a9 9 0 1 1 0 18a9 9 0 1 1 0-18zM12 7.5V12l3 2"),
    ("file", "M6 2.5h8l5 5.5V20a1 1 0 0 1-1 1H6a1 1 0 0 1-1-1V3.5a1 1 0 0 1 1-1zM14 2.5V8h5M8.5 12.5h7M8.5 16.5h5"),
    (
        "globe",
        "M12 3a9 9 0 1 1 0 18a9 9 0 1 1 0-18zM3 12h18M12 3c2.6 2.6 4 5.6 4 9s-1.4 6.4-4 9c-2.6-2.6-4-5.6-4-9s1.4-6.4 4-9z",
    ),
    ("leaf", "M5.5 18.5C3 10 8.5 4 20 4C21 15.5 13.5 21.5 5.5 18.5zM3 21.5C5 16.5 8.5 13 13.5 10.5"),
    ("mail", "M4 5h16a2 2 0 0 1 2 2v10a2 2 0 0 1-2 2H4a2 2 0 0 1-2-2V7a2 2 0 0 1 2-2zM2.5 6.5L12 13l9.5-6.5"),
    ("package", "M12 2.5l8.5 4.7v9.6L12 21.5l-8.5-4.7V7.2zM3.5 7.2L12 12l8.5-4.8M12 12v9.5M7.8 4.8l8.5 4.8"),
    ("percent", "M19 5L5 19M7 4.5a2.5 2.5 0 1 1 0 5a2.5 2.5 0 1 1 0-5zM17 14.5a2.5 2.5 0 1 1 0 5a2.5 2.5 0 1 1 0-5z"),
    ("phone", "M6 3h3l2 5l-2.5 2a13 13 0 0 0 5.5 5.5l2-2.5l5 2v3a2 2 0 0 1-2 2A15.5 15.5 0 0 1 4 5a2 2 0 0 1 2-2z"),
    (
        "pin",
        "M12 21.5c-4.6-4.7-7-8.2-7-11.7a7 7 0 0 1 14 0c0 3.5-2.4 7-7 11.7zM12 7.3a2.5 2.5 0 1 1 0 5a2.5 2.5 0 1 1 0-5z",
    ),
    ("shield", "M12 2.5l8 3v6c0 4.5-3.2 8-8 10c-4.8-2-8-5.5-8-10v-6zM8.5 12l2.5 2.5l4.5-5"),
    ("star", "M12 3l2.7 5.7l6.2.8l-4.6 4.3l1.2 6.2L12 17l-5.5 3l1.2-6.2L3.1 9.5l6.2-.8z"),
    (
        "sun",
        "M12 7.5a4.5 4.5 0 1 1 0 9a4.5 4.5 0 1 1 0-9zM12 2v2M12 20v2M2 12h2M20 12h2M4.9 4.9l1.4 1.4M17.7 17.7l1.4 1.4M4.9 19.1l1.4-1.4M17.7 6.3l1.4-1.4",
    ),
    ("tag", "M3 4.5A1.5 1.5 0 0 1 4.5 3H12l9 9l-9 9l-9-9zM7.8 7.8h.01"),
    (
        "truck",
        "M5 17H3a1 1 0 0 1-1-1V6h12v11H9.5M14 9.5h4l4 4V16a1 1 0 0 1-1 1h-1.2M7.2 14.8a2.2 2.2 0 1 1 0 4.4a2.2 2.2 0 1 1 0-4.4zM17.5 14.8a2.2 2.2 0 1 1 0 4.4a2.2 2.2 0 1 1 0-4.4zM14 17h1.2",
    ),
    ("user", "M12 4a4 4 0 1 1 0 8a4 4 0 1 1 0-8zM4.5 20.5c.8-3.6 3.7-5.5 7.5-5.5s6.7 1.9 7.5 5.5"),
    (
        "users",
        "M9 5a3.5 3.5 0 1 1 0 7a3.5 3.5 0 1 1 0-7zM2.5 20c.6-3.3 3-5 6.5-5s5.9 1.7 6.5 5M15.5 5.3a3.5 3.5 0 0 1 0 6.4M18 15.5c1.9.7 3.1 2.2 3.5 4.5",
    ),
    (
        "wrench",
        "M20.5 7.5a5.5 5.5 0 0 1-7.3 6.3L7 20a2.1 2.1 0 0 1-3-3l6.2-6.2A5.5 5.5 0 0 1 16.5 3.5L13.5 6.5l.7 3.3l3.3.7z",
    ),
];

/// Names of all bundled icons, in alphabetical order.
pub fn icon_names() -> impl Iterator<Item = &'static str> {
    ICONS.iter().map(|(name, _)| *name)
}

/// The path data of a bundled icon.
pub(super) fn icon(name: &str) -> Option<&'static str> {
    ICONS.iter().find(|(known, _)| *known == name).map(|(_, path)| *path)
}

#[cfg(test)]
mod tests {
    use svgtypes::{SimplePathSegment, SimplifyingPathParser};

    use super::*;

    #[test]
    fn they_stay_on_the_grid_and_in_order() {
        assert!(ICONS.is_sorted_by(|a, b| a.0 < b.0));
        for (name, path) in ICONS {
            for segment in SimplifyingPathParser::from(path) {
                let segment = segment.unwrap_or_else(|error| panic!("{name}: {error}"));
                let (SimplePathSegment::MoveTo { x, y }
                | SimplePathSegment::LineTo { x, y }
                | SimplePathSegment::CurveTo { x, y, .. }
                | SimplePathSegment::Quadratic { x, y, .. }) = segment
                else {
                    continue;
                };
                assert!((1.99..=22.01).contains(&x) && (1.99..=22.01).contains(&y), "{name} reaches {x}, {y}");
            }
        }
    }
}
