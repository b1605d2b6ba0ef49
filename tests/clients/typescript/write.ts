// Writes an article with a key, pages through a list and comments as a reader, by the same types.
import createClient from "openapi-fetch";
import type { components, paths } from "./api.js";

// All that is used of Node.js.
declare const process: { argv: string[] };

type ArticleInput = components["schemas"]["ArticleInput"];
type Link = components["schemas"]["Link"];

const [address, slug, key] = process.argv.slice(2);
if (!address || !slug || !key) throw new Error("give the address of the service, a slug and a key");
type Json = "application/json" | "application/problem+json";
const editor = createClient<paths, Json>({
  baseUrl: address,
  headers: { Authorization: `Bearer ${key}` },
});
const reader = createClient<paths, Json>({ baseUrl: address });

const input: ArticleInput = {
  headline: "Ferry Timetable Changes in Spring",
  status: "published",
  tags: ["ferries"],
  links: [
    {
      title: "New hours",
      role: "lead",
      url: "https://typescript.example/hours",
      credits: [{ outlet: { name: "Harbour Gazette" } }],
    },
    { title: "Fares stay", role: "more", url: "https://typescript.example/fares", credits: [] },
  ],
};
const made = await editor.POST("/api/v1/admin/articles", {
  body: input,
  params: { header: { "Idempotency-Key": "a-story-in-typescript" } },
});
if (!made.data) throw new Error(made.error?.detail);
const article = made.data;
console.log(`${made.response.status} ${article.status}: ${article.headline}, ${article.links.length} sources`);

const refused = await reader.POST("/api/v1/admin/articles", { body: input });
console.log(`without a good key: ${refused.error?.code}`);

const sources: Link[] = [];
let pages = 0;
let after: string | null | undefined;
do {
  const page = await reader.GET("/api/v1/articles/{ref}/links", {
    params: { path: { ref: slug }, query: after ? { limit: 3, after } : { limit: 3 } },
  });
  if (!page.data) throw new Error(page.error?.detail);
  sources.push(...page.data.items);
  after = page.data.page.next;
  pages += 1;
} while (after);
const different = new Set(sources.map((source) => source.id));
console.log(`${different.size} different sources in ${pages} pages`);

const posted = await reader.POST("/api/v1/articles/{ref}/comments", {
  params: { path: { ref: article.slug } },
  body: { author: { name: "Nadia" }, text: "The early boat *was* the best, writes TypeScript." },
});
if (!posted.data) throw new Error(posted.error?.detail);
console.log(`${posted.data.author.name} comments: ${posted.data.status}`);

const read = await reader.GET("/api/v1/comments/{id}", {
  params: { path: { id: posted.data.id } },
});
console.log(`read back: ${read.data?.text} on ${read.data?.article.headline}`);
