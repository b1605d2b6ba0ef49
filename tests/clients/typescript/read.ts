// Reads an article through the types that openapi-typescript made of the document.
import createClient from "openapi-fetch";
import type { components, paths } from "./api.js";

// All that is used of Node.js.
declare const process: { argv: string[] };

type Article = components["schemas"]["Article"];
type Link = components["schemas"]["Link"];

const [address, slug] = process.argv.slice(2);
if (!address || !slug) throw new Error("give the address of the service and a slug");
// Some answers come in other forms too if asked for: an article as JSON-LD.
type Json = "application/json" | "application/problem+json";
const client = createClient<paths, Json>({ baseUrl: address });

const found = await client.GET("/api/v1/articles/{ref}", {
  params: { path: { ref: slug }, query: { include: "comments" } },
});
if (!found.data) throw new Error(found.error?.detail);
const article: Article = found.data;
console.log(article.headline);

const links = await client.GET("/api/v1/articles/{ref}/links", {
  params: { path: { ref: slug }, query: { limit: 100 } },
});
const sources: Link[] = links.data?.items ?? [];
const lead = sources[0];
console.log(`${sources.length} sources, the first: ${lead?.role}, ${lead?.credits[0]?.outlet?.name}`);

const thread = await client.GET("/api/v1/articles/{ref}/comments", {
  params: { path: { ref: slug }, query: { view: "flat", sort: "oldest", limit: 50 } },
});
const first = thread.data?.items[0];
const words = first?.text?.split(".")[0];
console.log(`${thread.data?.items.length} comments, the first at depth ${first?.depth}: ${words}.`);

const credits = await client.GET("/api/v1/outlets/{ref}/links", {
  params: { path: { ref: "reuters" } },
});
const citing = credits.data?.items[0]?.article.slug;
console.log(`${credits.data?.items.length} links credit Reuters, the first in ${citing}`);

const nothing = await client.GET("/api/v1/articles/{ref}", { params: { path: { ref: "nosuch" } } });
console.log(`no such article: ${nothing.error?.code}`);
