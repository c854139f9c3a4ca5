const KEPT = /^pb-vote:([a-z0-9-]+)$/;

/**
 * Remind of a vote that was begun on this device and not cast: on the page of its round, and on one's own page, where
 * whoever made an account in between arrives. Only whether anything is chosen is looked at, and nothing of it is told
 * to anybody (voting/device.ts keeps it).
 */
export function remindOfVote(): void {
	for (const reminder of document.querySelectorAll<HTMLElement>("[data-not-cast]")) {
		try {
			const begun = begunVotes().find(({ round }) => ["*", round].includes(reminder.dataset.notCast ?? ""));
			reminder.hidden = begun === undefined;
			const link = reminder.querySelector<HTMLAnchorElement>("a[data-go-on]");
			if (begun && link) link.href = `${link.dataset.goOn}/${begun.round}/vote/review?contest=${begun.contest}`;
		} catch {
			// Storage is forbidden, or holds what is not ours: there is nothing to remind of.
		}
	}
}

/** The rounds in which something is chosen, each with the contest. */
function begunVotes(): { round: string; contest: string }[] {
	return Object.keys(localStorage).flatMap((key) => {
		const round = KEPT.exec(key)?.[1];
		if (round === undefined) return [];
		const choices = Object.entries(JSON.parse(localStorage.getItem(key) ?? "{}").choices ?? {});
		const chosen = choices.find(([, choice]) => Array.isArray(choice) && choice.length > 0);
		return chosen ? [{ round, contest: encodeURIComponent(chosen[0]) }] : [];
	});
}
