/**
 * Remind on the page of a round that a vote was begun on this device and not cast. Only whether anything is chosen is
 * looked at, and nothing of it is told to anybody (voting/device.ts keeps it).
 */
export function remindOfVote(): void {
	for (const reminder of document.querySelectorAll<HTMLElement>("[data-not-cast]")) {
		try {
			const kept = JSON.parse(localStorage.getItem(`pb-vote:${reminder.dataset.notCast}`) ?? "{}");
			const choices: unknown[] = Object.values(kept.choices ?? {});
			reminder.hidden = !choices.some((choice) => Array.isArray(choice) && choice.length > 0);
		} catch {
			// Storage is forbidden, or holds what is not ours: there is nothing to remind of.
		}
	}
}
