"""Writes an article with a key, pages through a list and comments as a reader, by the same client."""

import sys

from roundup_client import AuthenticatedClient, Client
from roundup_client.api.articles import admin_create_article, list_article_links
from roundup_client.api.comments import create_comment, get_comment
from roundup_client.models import (
    ArticleInput,
    ArticleStatusInput,
    CommentAuthorInput,
    CommentInput,
    CommentWithContext,
    CreditInput,
    LinkInput,
    LinkRole,
    OutletName,
    PageLink,
    PostedComment,
    Problem,
    WrittenArticle,
)
from roundup_client.types import UNSET, Unset

address, slug, key = sys.argv[1:]
editor = AuthenticatedClient(base_url=address, token=key)
reader = Client(base_url=address)

wanted = ArticleInput(
    headline="Ferry Timetable Changes in Spring",
    status=ArticleStatusInput.PUBLISHED,
    tags=["ferries"],
    links=[
        LinkInput(
            title="New hours",
            role=LinkRole.LEAD,
            url="https://python.example/hours",
            credits_=[CreditInput(outlet=OutletName(name="Harbour Gazette"))],
        ),
        LinkInput(title="Fares stay", role=LinkRole.MORE, url="https://python.example/fares", credits_=[]),
    ],
)
made = admin_create_article.sync_detailed(client=editor, body=wanted, idempotency_key="a-story-in-python")
article = made.parsed
assert isinstance(article, WrittenArticle), article
print(f"{made.status_code.value} {article.status.value}: {article.headline}, {len(article.links)} sources")

# Its type lets no client without a key in here, so this one has a wrong key.
stranger = AuthenticatedClient(base_url=address, token="rk_wrong")
refused = admin_create_article.sync(client=stranger, body=wanted)
assert isinstance(refused, Problem)
print(f"without a good key: {refused.code.value}")

sources: set[int] = set()
pages = 0
after: str | Unset = UNSET
while True:
    page = list_article_links.sync(slug, client=reader, limit=3, after=after)
    assert isinstance(page, PageLink)
    sources.update(link.id for link in page.items)
    pages += 1
    if not page.page.next_:
        break
    after = page.page.next_
print(f"{len(sources)} different sources in {pages} pages")

comment = CommentInput(author=CommentAuthorInput(name="Nadia"), text="The early boat *was* the best, writes Python.")
posted = create_comment.sync(article.slug, client=reader, body=comment)
assert isinstance(posted, PostedComment), posted
print(f"{posted.author.name} comments: {posted.status}")

found = get_comment.sync(posted.id, client=reader)
assert isinstance(found, CommentWithContext)
print(f"read back: {found.text} on {found.article.headline}")
