/**
 * What someone without a session sees: how to get in, and a field for the token.
 */

import { signIn } from "./api.js";
import { h } from "./dom.js";
import { note } from "./parts.js";

const REFUSED = {
	invalid: "This link is not valid any more; `healer link` prints the right one.",
	later: "Too many wrong links and tokens came from here. Wait a minute, then open the link again.",
};

// A link that was refused leads here with why.
const refused = /^#signin=(\w+)$/.exec(location.hash)?.[1];
if (refused) history.replaceState(null, "", location.pathname + location.search);

// One that another site led to leads here with its token: whether to sign in is for the reader to say.
export const offered = new URLSearchParams(location.hash.slice(1)).get("token") ?? "";
if (offered) history.replaceState(null, "", location.pathname + location.search);
const OFFERED = "A link on another site leads to signing in here. If you did not want that, reload the page: nothing has changed.";

let sending = false;
let problem = REFUSED[refused] ?? "";

export function signInView(redraw, done) {
	async function submit(event) {
		event.preventDefault();
		const pasted = event.currentTarget.elements.namedItem("token").value.trim();
		const token = /[?&]token=([^&#]+)/.exec(pasted)?.[1] ?? pasted; // the whole link may be pasted too
		if (sending || !token) return;
		sending = true;
		problem = "";
		redraw();
		try {
			await signIn(token);
			done();
		} catch (error) {
			problem = error.status === 401 ? "This token is neither the operator's nor a viewer's." : error.message;
		}
		sending = false;
		redraw();
	}
	return h(
		"div.card.signin",
		{ key: "signin" },
		h("h1", { tabindex: "-1" }, "Sign in"),
		h(
			"p",
			"Open the link that ",
			h("code", "healer serve"),
			" printed when it started (",
			h("code", "healer link"),
			" prints it again), or paste it here. The link of ",
			h("code", "healer link --viewer"),
			" lets you look at everything and change nothing.",
		),
		offered && note(OFFERED, "ask", "offered"),
		h(
			"form",
			{ onsubmit: submit },
			h("label", "Link or token", h("input", { name: "token", type: "password", autocomplete: "off", required: true, value: offered })),
			problem && h("div", { key: "problem" }, note(problem, "bad")),
			h("button.primary", { type: "submit", disabled: sending }, sending ? "Signing in…" : "Sign in"),
		),
	);
}
