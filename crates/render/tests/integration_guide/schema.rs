//! The document's Prisma models and list of tables against the tables that are there.

use std::collections::{BTreeMap, BTreeSet};

use super::blocks::Blocks;
use super::world::World;

/// Columns of every table that a schema maps.
fn mapped(schema: &str) -> BTreeMap<String, BTreeSet<String>> {
    let models = schema.split("\nmodel ").skip(1).map(|model| model.split("\n}").next().unwrap_or_default());
    let models: Vec<&str> = models.collect();
    let names: Vec<&str> = models.iter().filter_map(|model| model.split_whitespace().next()).collect();
    let attribute = |line: &str, name: &str| {
        let (_, rest) = line.split_once(&format!("{name}(\""))?;
        Some(rest.split('"').next().unwrap_or_default().to_owned())
    };
    let table = |model: &&str| {
        let columns = model.lines().skip(1).filter_map(|line| {
            let mut words = line.split_whitespace();
            let (field, kind) = (words.next()?, words.next()?);
            let own = !field.starts_with("//") && !field.starts_with("@@");
            let relation = names.contains(&kind.trim_end_matches(['?', '[', ']']));
            (own && !relation).then(|| attribute(line, " @map").unwrap_or_else(|| field.to_owned()))
        });
        (attribute(model, "@@map").expect("every model names its table"), columns.collect())
    };
    models.iter().map(table).collect()
}

/// Each model has the columns of its table, and the list of tables that are not Prisma's is whole.
pub(crate) async fn check(blocks: &Blocks, world: &World) {
    let models = mapped(blocks.file("prisma/schema.prisma"));
    assert_eq!(models.len(), 5, "{models:?}");
    for (table, columns) in models {
        let sql = format!(
            "select column_name::text from information_schema.columns
             where table_schema = 'public' and table_name = '{table}'"
        );
        let there: BTreeSet<String> = world.texts(&sql).await.into_iter().collect();
        assert_eq!(columns, there, "{table}");
    }
    let sql = "select tablename::text from pg_tables where schemaname = 'public' and tablename <> 'quotes'";
    let there: BTreeSet<String> = world.texts(sql).await.into_iter().collect();
    let config = blocks.file("prisma.config.ts");
    let listed = config.split('\'').filter_map(|word| word.strip_prefix("public.")).map(str::to_owned);
    assert_eq!(listed.collect::<BTreeSet<String>>(), there, "tables of others in prisma.config.ts");
}

#[test]
fn columns_of_models() {
    let one =
        "\nmodel One {\n  id Int\n  /// Text.\n  two Text? @map(\"second\")\n  more Two[]\n\n  @@map(\"ones\")\n}\n";
    let two = "\nmodel Two {\n  one One @relation(\"x\")\n  @@map(\"twos\")\n}\n";
    let columns = BTreeSet::from(["id".to_owned(), "second".to_owned()]);
    let expected = BTreeMap::from([("ones".to_owned(), columns), ("twos".to_owned(), BTreeSet::new())]);
    assert_eq!(mapped(&format!("{one}{two}")), expected);
}
