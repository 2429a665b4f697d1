/**
 * Asks once before something happens and sends it once. What the actions mean is the caller's.
 */

import { h, render } from "./dom.js";
import { note } from "./parts.js";

/** Thrown by `send` where there is nothing left to decide: it is told, and not asked again. */
export class Settled extends Error {}

/**
 * `reason`: undefined, "optional" or "required"; `prompt`: what the field is called; `lacking`: said when it is empty and must
 * not be. `send(reason)` runs at most once at a time; its error is shown and the reader
 * may send again. Resolves true when it was sent, false when the reader left.
 */
export function ask({ asks, text, reason, prompt = "Reason", lacking = "A reason is needed.", label, tone, send }) {
	const dialog = document.createElement("dialog");
	let sending = false;
	let problem = "";
	let settled = "";
	let answered = false;

	async function submit(event) {
		event.preventDefault();
		if (sending) return;
		const given = event.currentTarget.elements.namedItem("reason")?.value.trim() ?? "";
		sending = !(reason === "required" && !given);
		problem = sending ? "" : lacking;
		draw();
		if (!sending) return;
		try {
			await send(given);
			answered = true;
			dialog.close();
		} catch (error) {
			sending = false;
			if (error instanceof Settled) settled = error.message;
			else problem = error.message;
			draw();
			dialog.querySelector(settled ? "button" : "[type=submit]").focus(); // a disabled button lost it
		}
	}

	const close = () => dialog.close();

	function draw() {
		if (settled) {
			const told = [
				h("h2", { id: "asks" }, "It is decided already"),
				h("p", { role: "status" }, settled),
				h("div.actions", { key: "actions" }, h("button.primary", { type: "button", onclick: close }, "Close")),
			];
			render(dialog, h("div", told));
			return;
		}
		const form = h(
			"form",
			{ onsubmit: submit },
			h("h2", { id: "asks" }, asks),
			h("p", { key: "text" }, text),
			reason &&
				h(
					"label",
					{ key: "reason" },
					reason === "required" ? prompt : `${prompt} (optional)`,
					h("textarea", { name: "reason", rows: "3", maxlength: "1000", readonly: sending }),
				),
			problem && note(problem, "bad", "problem"),
			h(
				"div.actions",
				{ key: "actions" },
				h("button", { type: "button", disabled: sending, onclick: close }, "Cancel"),
				h("button", { type: "submit", class: tone ?? "primary", disabled: sending }, sending ? "Sending…" : label),
			),
		);
		render(dialog, form);
	}

	draw();
	dialog.setAttribute("aria-labelledby", "asks");
	dialog.oncancel = () => !sending; // false: it stays
	document.body.append(dialog);
	dialog.showModal();
	return new Promise((resolve) => {
		dialog.onclose = () => {
			dialog.remove();
			resolve(answered);
		};
	});
}
