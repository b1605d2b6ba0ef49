// The URL of the roundup service. Change it here only.

export const API = "http://127.0.0.1:8080";

// A second content security policy besides the one in index.html. Both apply, so no other host can be reached.
const policy = document.createElement("meta");
policy.httpEquiv = "Content-Security-Policy";
policy.content = `connect-src ${new URL(API).origin}`;
document.head.append(policy);
