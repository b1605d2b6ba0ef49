// Writes copies of a document, each with one change that would break a client, and one that adds
// only: node breaks.mjs DOCUMENT FOLDER
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";

const [document, folder] = process.argv.slice(2);
const text = readFileSync(document, "utf8");

const changes = {
  "a removed operation": (api) =>
    take(api.paths, "/api/v1/articles", "get") && delete api.paths["/api/v1/articles"].get,
  "a new required parameter": (api) =>
    take(api.paths, "/api/v1/articles", "get", "parameters").push({
      name: "site",
      in: "query",
      required: true,
      schema: { type: "string", maxLength: 10 },
    }),
  "a narrowed maximum": (api) => {
    const parameters = take(api.paths, "/api/v1/articles", "get", "parameters");
    const limit = parameters.find((parameter) => parameter.name === "limit");
    return take(limit, "schema", "maximum") && (limit.schema.maximum = 50);
  },
  "a removed property of an answer": (api) => {
    const article = take(api.components.schemas, "Article");
    article.required = article.required.filter((name) => name !== "headline");
    return take(article, "properties", "headline") && delete article.properties.headline;
  },
  "a changed type": (api) =>
    (take(api.components.schemas, "Article", "properties", "id").type = "string"),
  "an addition": (api) =>
    (take(api.components.schemas, "Article", "properties").mood = {
      type: "string",
      maxLength: 10,
      description: "How it sounds.",
    }),
};

// The member at the end of the path, which must be there: else nothing would be changed.
function take(value, ...path) {
  for (const name of path) {
    value = value?.[name];
    if (value === undefined) throw new Error(`there is no ${name} in ${path.join(" / ")}`);
  }
  return value;
}

mkdirSync(folder, { recursive: true });
for (const [name, change] of Object.entries(changes)) {
  const api = JSON.parse(text);
  change(api);
  writeFileSync(`${folder}/${name.replaceAll(" ", "-")}.json`, JSON.stringify(api));
}
