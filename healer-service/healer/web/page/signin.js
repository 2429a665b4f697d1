/**
 * What someone without a session sees: how to get in, and a field for the token.
 */

import { signIn } from "./api.js";
import { h } from "./dom.js";
import { note } from "./parts.js";

let sending = false;
let problem = "";

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
			problem = error.status === 401 || error.status === 403 ? "This token is not the operator's." : error.message;
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
			" prints it again), or paste it here.",
		),
		h(
			"form",
			{ onsubmit: submit },
			h("label", "Link or token", h("input", { name: "token", type: "password", autocomplete: "off", required: true })),
			problem && h("div", { key: "problem" }, note(problem, "bad")),
			h("button.primary", { type: "submit", disabled: sending }, sending ? "Signing in…" : "Sign in"),
		),
	);
}
