// Where the roundup service is: the one place to change.

export const API = "http://127.0.0.1:8080";

// A second policy beside the one in index.html; both hold. So no other address can be asked.
const policy = document.createElement("meta");
policy.httpEquiv = "Content-Security-Policy";
policy.content = `connect-src ${new URL(API).origin}`;
document.head.append(policy);
