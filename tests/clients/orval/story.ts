// Reads, writes with a key, pages and comments through the functions that orval made of the document.
import * as roundup from "./roundup.js";

// All that is used of Node.js.
declare const process: { argv: string[] };

const [slug, key] = process.argv.slice(2);
if (!slug || !key) throw new Error("give a slug and a key");

const found = await roundup.getArticle(slug, { include: "comments" });
if (found.status !== 200 || !("headline" in found.data)) throw new Error(`${found.status}`);
console.log(found.data.headline);

const links = await roundup.listArticleLinks(slug, { limit: 100 });
if (links.status !== 200) throw new Error(`${links.status}`);
const lead = links.data.items[0];
console.log(`${links.data.items.length} sources, the first: ${lead?.role}, ${lead?.credits[0]?.outlet?.name}`);

const thread = await roundup.listArticleComments(slug, { view: "flat", sort: "oldest", limit: 50 });
if (thread.status !== 200) throw new Error(`${thread.status}`);
const first = thread.data.items[0];
const words = first?.text?.split(".")[0];
console.log(`${thread.data.items.length} comments, the first at depth ${first?.depth}: ${words}.`);

const credits = await roundup.listOutletLinks("reuters");
if (credits.status !== 200) throw new Error(`${credits.status}`);
const citing = credits.data.items[0]?.article.slug;
console.log(`${credits.data.items.length} links credit Reuters, the first in ${citing}`);

const nothing = await roundup.getArticle("nosuch");
if (nothing.status !== 404) throw new Error(`${nothing.status}`);
console.log(`no such article: ${nothing.data.code}`);

const input: roundup.ArticleInput = {
  headline: "Ferry Timetable Changes in Spring",
  status: "published",
  tags: ["ferries"],
  links: [
    {
      title: "New hours",
      role: "lead",
      url: "https://orval.example/hours",
      credits: [{ outlet: { name: "Harbour Gazette" } }],
    },
    { title: "Fares stay", role: "more", url: "https://orval.example/fares", credits: [] },
  ],
};
// It takes texts as well, so what is sent must be said.
const json = { "Content-Type": "application/json" };
const headers = { ...json, Authorization: `Bearer ${key}`, "Idempotency-Key": "a-story-with-orval" };
const made = await roundup.adminCreateArticle(input, undefined, { headers });
if (made.status !== 201) throw new Error(`${made.status}`);
const article = made.data;
console.log(`${made.status} ${article.status}: ${article.headline}, ${article.links.length} sources`);

const refused = await roundup.adminCreateArticle(input, undefined, { headers: json });
if (refused.status !== 401) throw new Error(`${refused.status}`);
console.log(`without a good key: ${refused.data.code}`);

const sources: roundup.Link[] = [];
let pages = 0;
let after: string | null | undefined;
do {
  const page = await roundup.listArticleLinks(slug, after ? { limit: 3, after } : { limit: 3 });
  if (page.status !== 200) throw new Error(`${page.status}`);
  sources.push(...page.data.items);
  after = page.data.page.next;
  pages += 1;
} while (after);
const different = new Set(sources.map((source) => source.id));
console.log(`${different.size} different sources in ${pages} pages`);

const text = "The early boat *was* the best, writes orval.";
const posted = await roundup.createComment(article.slug, { author: { name: "Nadia" }, text });
if (posted.status !== 201) throw new Error(`${posted.status}`);
console.log(`${posted.data.author.name} comments: ${posted.data.status}`);

const read = await roundup.getComment(posted.data.id);
if (read.status !== 200) throw new Error(read.data.detail);
console.log(`read back: ${read.data.text} on ${read.data.article.headline}`);
