//! A server that signed its certificate itself: what is said, and what helps.

use crate::database::Server;
use crate::rig::{Rig, until};

#[tokio::test]
async fn a_self_signed_certificate_is_explained() {
    let server = Server::start();
    let rig = Rig::on(&server.url).await;
    // By the server itself, into its own folder.
    rig.change(
        "copy (select 1) to program 'openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost \
         -addext subjectAltName=DNS:localhost -addext basicConstraints=critical,CA:FALSE \
         -keyout server.key -out server.crt 2>/dev/null && chmod 600 server.key'",
    )
    .await;
    rig.change("alter system set ssl = on").await;
    rig.texts("select pg_reload_conf()::text").await;
    until("the server encrypts", async || (rig.texts("show ssl").await == ["on"]).then_some(())).await;
    let folder = rig.texts("show data_directory").await.remove(0);
    let named = rig.url.replace("127.0.0.1", "localhost");
    let doctor = |url: &str| {
        let said = rig.render_with(&["doctor"], &[("QUOTEREEL_DATABASE", url)]);
        String::from_utf8_lossy(&said.stdout).into_owned()
    };
    let said = doctor(&format!("{named}?sslmode=verify-full"));
    assert!(said.contains("UnknownIssuer") && said.contains("sslrootcert="), "{said}");
    assert_eq!(said.matches("UnknownIssuer").count(), 1, "the cause stands once: {said}");
    let trusting = format!("sslrootcert={folder}/server.crt");
    let said = doctor(&format!("{}?sslmode=verify-full&{trusting}", rig.url));
    assert!(said.contains("is for another name"), "{said}");
    for good in [format!("{named}?sslmode=require"), format!("{named}?sslmode=verify-full&{trusting}")] {
        let said = doctor(&good);
        assert!(said.contains("its schema is current"), "{good}: {said}");
    }
    rig.end().await;
}
