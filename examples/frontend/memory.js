// What this browser stores about its reader: the tokens of comments, and a name.
//
// An edit token changes or withdraws one comment for some minutes; the author token identifies the
// reader to the site. Both are sent to the service only.

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
    // The browser stores nothing: then comments cannot be edited; the rest works.
  }
}

/** Stores the tokens of a comment. */
export function keep(posted, name) {
  const state = read();
  const now = Date.now();
  const alive = Object.entries(state.tokens ?? {}).filter(([, token]) => Date.parse(token.until) > now);
  const tokens = Object.fromEntries(alive);
  if (posted.edit_token) tokens[posted.id] = { token: posted.edit_token, until: posted.edit_token_expires_at };
  write({ tokens, name, author: posted.author_token ?? state.author });
}

/** Returns the edit token of a comment while it is valid. */
export function editToken(id) {
  const kept = read().tokens?.[id];
  return kept && Date.parse(kept.until) > Date.now() ? kept.token : null;
}

export function forget(id) {
  const state = read();
  delete state.tokens?.[id];
  write(state);
}

/** Returns the reader who wrote here before. */
export function author() {
  const { name, author: token } = read();
  return { name, token };
}
