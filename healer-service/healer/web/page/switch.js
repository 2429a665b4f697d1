/**
 * The switch that stops all automation, on the overview. What it stops is the healer's matter.
 */

import { automation } from "./api.js";
import { ask } from "./dialog.js";
import { h } from "./dom.js";
import { decision, note } from "./parts.js";
import { clip } from "./words.js";

const STOP = {
	label: "Stop all automation",
	tone: "danger",
	asks: "Stop all automation?",
	text:
		"No heal begins, none that is at work proposes anything, and what is merged is not released until you let it go on. " +
		"Crashes are still taken in. Releases that are already on their way are watched, and taken back if need be.",
	reason: "optional",
};
const RESUME = {
	label: "Let it go on",
	asks: "Let automation go on?",
	text: "What has waited is worked on: open incidents are healed, merged fixes released.",
};

export function automationSwitch({ stopped } = {}, { changed, cached }) {
	const turn = async () => {
		const send = (given) => automation(!stopped, given);
		if (await ask({ ...(stopped ? RESUME : STOP), send })) changed(stopped ? "Automation goes on." : "Automation is stopped.");
	};
	const { label, tone } = stopped ? { ...RESUME, tone: "primary" } : STOP;
	return decision(label, { key: "turn", class: `switch ${tone}`, off: cached, onclick: turn });
}

/** Says that it is turned; nothing while automation goes on. */
export function automationStopped({ stopped, by, reason } = {}) {
	const why = reason ? `: ${clip(reason, 300)}` : ".";
	return stopped && note(`All automation was stopped by ${clip(by, 100)}${why}`, "bad", "stopped");
}
