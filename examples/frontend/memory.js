// What this browser remembers of its reader: the tokens that came with comments, and a name.
//
// An edit token changes or withdraws one comment for some minutes; the author token makes the reader
// known to the site. Neither leaves the browser but to the service.

const KEY = "roundup";

function read() {
  try {
    return JSON.parse(localStorage.getItem(KEY)) ?? {};
  } catch {
    return {};
  }
}

function write(state) {
  try {
    localStorage.setItem(KEY, JSON.stringify(state));
  } catch {
    // A browser that keeps nothing: then a comment can't be changed, and all else works.
  }
}

/** Keeps what came with a comment. */
export function keep(posted, name) {
  const state = read();
  const now = Date.now();
  const alive = Object.entries(state.tokens ?? {}).filter(([, token]) => Date.parse(token.until) > now);
  const tokens = Object.fromEntries(alive);
  if (posted.edit_token) tokens[posted.id] = { token: posted.edit_token, until: posted.edit_token_expires_at };
  write({ tokens, name, author: posted.author_token ?? state.author });
}

/** The token of one's own comment, while it is good. */
export function editToken(id) {
  const kept = read().tokens?.[id];
  return kept && Date.parse(kept.until) > Date.now() ? kept.token : null;
}

export function forget(id) {
  const state = read();
  delete state.tokens?.[id];
  write(state);
}

/** Who wrote here before. */
export function author() {
  const { name, author: token } = read();
  return { name, token };
}
