"""Reads an article through the client that openapi-python-client made of the document."""

import sys

from roundup_client import Client
from roundup_client.api.articles import get_article, list_article_links
from roundup_client.api.comments import list_article_comments
from roundup_client.api.outlets import list_outlet_links
from roundup_client.models import (
    Article,
    ListArticleCommentsSort,
    ListArticleCommentsView,
    PageLink,
    PageLinkWithArticle,
    PageThreadComment,
    Problem,
)

address, slug = sys.argv[1:]
client = Client(base_url=address)

article = get_article.sync(slug, client=client, include="comments")
assert isinstance(article, Article)
print(article.headline)

links = list_article_links.sync(slug, client=client, limit=100)
assert isinstance(links, PageLink)
lead = links.items[0]
assert lead.credits_[0].outlet
print(f"{len(links.items)} sources, the first: {lead.role.value}, {lead.credits_[0].outlet.name}")

thread = list_article_comments.sync(
    slug,
    client=client,
    view=ListArticleCommentsView.FLAT,
    sort=ListArticleCommentsSort.OLDEST,
    limit=50,
)
assert isinstance(thread, PageThreadComment)
first = thread.items[0]
assert first.text
words = first.text.split(".")[0]
print(f"{len(thread.items)} comments, the first at depth {first.depth}: {words}.")

credits = list_outlet_links.sync("reuters", client=client)
assert isinstance(credits, PageLinkWithArticle)
citing = credits.items[0].article.slug
print(f"{len(credits.items)} links credit Reuters, the first in {citing}")

nothing = get_article.sync("nosuch", client=client)
assert isinstance(nothing, Problem)
print(f"no such article: {nothing.code.value}")
