//! The table of bundled faces: names, roles and bytes, nothing else. `fonts/README.md` lists versions and sources.

/// What kind of writing a face is for; it decides where the face stands in the fallback order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaceRole {
    /// A voice: a family a template may ask for.
    Brand,
    /// A script that brand families lack.
    Script,
    /// Colour emoji, symbols, mathematics.
    Symbol,
    /// From a font pack: whatever the bundled ones lack.
    Pack,
}

pub(super) struct BundledFace {
    pub(super) family: &'static str,
    pub(super) weight: u16,
    pub(super) file: &'static str,
    pub(super) license: &'static str,
    pub(super) role: FaceRole,
    pub(super) data: &'static [u8],
}

macro_rules! face {
    ($role:ident, $family:literal, $weight:literal, $file:literal) => {
        BundledFace {
            family: $family,
            weight: $weight,
            file: $file,
            license: "OFL-1.1",
            role: FaceRole::$role,
            data: include_bytes!(concat!("../../../fonts/", $file)),
        }
    };
}

/// Brand families first, then scripts, then symbols; the index in this table is the face's identifier.
pub(super) static BUNDLED: &[BundledFace] = &[
    face!(Brand, "Inter", 400, "inter/Inter-Regular.ttf"),
    face!(Brand, "Inter", 500, "inter/Inter-Medium.ttf"),
    face!(Brand, "Inter", 600, "inter/Inter-SemiBold.ttf"),
    face!(Brand, "Inter", 700, "inter/Inter-Bold.ttf"),
    face!(Brand, "Inter Display", 600, "inter/InterDisplay-SemiBold.ttf"),
    face!(Brand, "Inter Display", 700, "inter/InterDisplay-Bold.ttf"),
    face!(Brand, "Inter Display", 800, "inter/InterDisplay-ExtraBold.ttf"),
    face!(Brand, "Plus Jakarta Sans", 500, "plus-jakarta-sans/PlusJakartaSans-Medium.ttf"),
    face!(Brand, "Plus Jakarta Sans", 700, "plus-jakarta-sans/PlusJakartaSans-Bold.ttf"),
    face!(Brand, "Plus Jakarta Sans", 800, "plus-jakarta-sans/PlusJakartaSans-ExtraBold.ttf"),
    face!(Brand, "Source Serif 4", 400, "source-serif-4/SourceSerif4-Regular.ttf"),
    face!(Brand, "Source Serif 4", 600, "source-serif-4/SourceSerif4-SemiBold.ttf"),
    face!(Brand, "Source Serif 4", 700, "source-serif-4/SourceSerif4-Bold.ttf"),
    face!(Script, "Noto Sans Arabic", 400, "noto/NotoSansArabic-Regular.ttf"),
    face!(Script, "Noto Sans Arabic", 700, "noto/NotoSansArabic-Bold.ttf"),
    face!(Script, "Noto Sans Hebrew", 400, "noto/NotoSansHebrew-Regular.ttf"),
    face!(Script, "Noto Sans Hebrew", 700, "noto/NotoSansHebrew-Bold.ttf"),
    face!(Script, "Noto Sans Devanagari", 400, "noto/NotoSansDevanagari-Regular.ttf"),
    face!(Script, "Noto Sans Devanagari", 700, "noto/NotoSansDevanagari-Bold.ttf"),
    face!(Script, "Noto Sans Bengali", 400, "noto/NotoSansBengali-Regular.ttf"),
    face!(Script, "Noto Sans Bengali", 700, "noto/NotoSansBengali-Bold.ttf"),
    face!(Script, "Noto Sans Tamil", 400, "noto/NotoSansTamil-Regular.ttf"),
    face!(Script, "Noto Sans Tamil", 700, "noto/NotoSansTamil-Bold.ttf"),
    face!(Script, "Noto Sans Thai", 400, "noto/NotoSansThai-Regular.ttf"),
    face!(Script, "Noto Sans Thai", 700, "noto/NotoSansThai-Bold.ttf"),
    face!(Symbol, "Noto Color Emoji", 400, "noto/NotoColorEmoji.ttf"),
    face!(Symbol, "Noto Sans Symbols", 400, "noto/NotoSansSymbols-Regular.ttf"),
    face!(Symbol, "Noto Sans Symbols2", 400, "noto/NotoSansSymbols2-Regular.ttf"),
    face!(Symbol, "Noto Sans Math", 400, "noto/NotoSansMath-Regular.ttf"),
];
