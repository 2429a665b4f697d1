/**
 * Asks once before something happens and sends it once. What the actions mean is the caller's.
 */

import { h, render } from "./dom.js";
import { note } from "./parts.js";
import { tooLong, writing } from "./writing.js";

/** Thrown by `send` where there is nothing left to decide: it is told, and not asked again. */
export class Settled extends Error {}

let asked = null; // {show, leave} of the only dialog there is: it is open, or was left while it sends

function decidedPart(settled, close) {
	return h(
		"div",
		h("h2", { id: "asks" }, "It is decided already"),
		h("p", { role: "status" }, settled),
		h("div.actions", { key: "actions" }, h("button.primary", { type: "button", onclick: close }, "Close")),
	);
}

/** Closes what is asked. What is being sent already goes on, and where it fails that is told, unless the reader signed `out`. */
export function dismiss(out = false) {
	asked?.leave(out);
}

/**
 * `reason`: undefined, "optional" or "required"; `prompt`: what the field is called; `lacking`: said when it is empty and must
 * not be. `send(reason)` runs at most once at a time; its error is shown and the reader may send again. Resolves true when it
 * was sent, false when the reader left.
 */
export function ask({ asks, text, reason, prompt = "Reason", lacking = "A reason is needed.", label, tone, send }) {
	if (asked) {
		asked.show();
		return Promise.resolve(false);
	}
	const { promise, resolve } = Promise.withResolvers();
	const dialog = document.createElement("dialog");
	let written = "";
	let sending = false;
	let left = false;
	let problem = "";
	let settled = "";
	const own = { show, leave };

	async function submit(event) {
		event.preventDefault();
		if (sending) return;
		const given = written.trim();
		problem = reason === "required" && !given ? lacking : tooLong(given);
		sending = !problem;
		draw();
		if (!sending) return;
		try {
			await send(given);
			end(true);
		} catch (error) {
			if (asked !== own) return;
			sending = false;
			if (error instanceof Settled) settled = error.message;
			else problem = error.message;
			draw();
			show();
			dialog.querySelector(settled ? "button" : "[type=submit]").focus(); // a disabled button lost it
		}
	}

	function show() {
		left = false;
		if (!dialog.open) dialog.showModal();
	}

	function leave(out) {
		left = true;
		if (sending && !out) dialog.close();
		else end(false);
	}

	function end(sent) {
		if (asked === own) asked = null;
		dialog.onclose = null;
		dialog.close(); // the focus goes back to where it was
		dialog.remove();
		resolve(sent);
	}

	const cancel = () => end(false);

	function draw() {
		if (settled) return render(dialog, decidedPart(settled, cancel));
		const oninput = ({ currentTarget }) => {
			written = currentTarget.value;
			draw();
		};
		const named = reason === "required" ? prompt : `${prompt} (optional)`;
		const actions = [
			h("button", { type: "button", disabled: sending, onclick: cancel }, "Cancel"),
			h("button", { type: "submit", class: tone ?? "primary", disabled: sending }, sending ? "Sending…" : label),
		];
		const form = [
			h("h2", { id: "asks" }, asks),
			h("p", { key: "text" }, text),
			reason && writing(named, { name: "reason", rows: "3", readonly: sending }, written, oninput),
			problem && note(problem, "bad", "problem"),
			h("div.actions", { key: "actions" }, actions),
		];
		return render(dialog, h("form", { onsubmit: submit }, form));
	}

	asked = own;
	draw();
	dialog.setAttribute("aria-labelledby", "asks");
	dialog.oncancel = () => !sending; // false: it stays
	dialog.onclose = () => {
		if (!sending) end(false);
		else if (!left) show(); // a browser lets Escape be refused only once
	};
	document.body.append(dialog);
	dialog.showModal();
	return promise;
}
