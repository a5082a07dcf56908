/** Score above which a picture is taken for live, 0-100, where nothing else is set. */
export const DEFAULT_THRESHOLD = 87;
