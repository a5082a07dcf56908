/** A reason not to send a form, in words for the person who filled it in. */
export class Problem extends Error {}
