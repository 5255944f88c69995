export const LINE_FEED = 0x0a
