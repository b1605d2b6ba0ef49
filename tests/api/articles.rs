//! Reading articles.

use crate::harness::TestApp;

#[tokio::test]
async fn an_empty_site_has_an_empty_front_page() {
    let app = TestApp::new().await;
    let page = app.get("/api/v1/articles").await.ok();
    insta::assert_json_snapshot!(page, @r#"
    {
      "items": [],
      "page": {
        "limit": 20,
        "next": null,
        "prev": null,
        "total": null
      }
    }
    "#);
}
