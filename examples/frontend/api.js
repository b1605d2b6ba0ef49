// Requests to the service. Every error becomes a Problem with the members of RFC 9457.

import { API } from "./config.js";

export class Problem extends Error {
  constructor(status, body) {
    super(body.detail ?? body.title ?? "The service did not answer.");
    this.status = status;
    this.code = body.code ?? "unreachable";
    this.title = body.title ?? "No answer";
    this.errors = body.errors ?? [];
  }

  /** Returns the error of a field of the request, by its JSON pointer. */
  about(pointer) {
    return this.errors.find((error) => error.pointer === pointer);
  }
}

/** Returns `path` with the parameters that have a value. */
export function address(path, params = {}) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) {
    if (value !== undefined && value !== null && value !== "") query.set(name, value);
  }
  const text = query.toString();
  return `${API}${path}${text ? `?${text}` : ""}`;
}

/** Sends GET `path` and returns the parsed response. */
export async function get(path, params, signal) {
  return (await send("GET", address(path, params), { signal })).body;
}

/** Sends JSON. Returns the status and the parsed response, or null if there is no body. */
export async function send(method, url, { json, headers = {}, signal } = {}) {
  const init = { method, headers, signal };
  if (json !== undefined) {
    const type = method === "PATCH" ? "application/merge-patch+json" : "application/json";
    init.headers = { "Content-Type": type, ...headers };
    init.body = JSON.stringify(json);
  }
  let answer;
  try {
    answer = await fetch(url, init);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(0, { detail: `There is no service at ${API}.` });
  }
  const text = await answer.text();
  let body = null;
  try {
    body = text ? JSON.parse(text) : null;
  } catch {
    throw new Problem(answer.status, { detail: "The answer was not JSON." });
  }
  if (!answer.ok) throw new Problem(answer.status, body ?? {});
  return { status: answer.status, body };
}

export const one = (reference) => `/api/v1/articles/${encodeURIComponent(reference)}`;
