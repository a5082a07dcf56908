const LIGHT = `
  --_surface: var(--livestill-surface, #fff);
  --_text: var(--livestill-text, #131a26);
  --_muted: var(--livestill-muted, #566173);
  --_line: var(--livestill-line, #dde2ea);
  --_well: var(--livestill-well, #f3f5f9);
  --_accent: var(--livestill-accent, #1a56db);
  --_on-accent: var(--livestill-on-accent, #fff);
  --_good: var(--livestill-good, #0b7a4b);
  --_bad: var(--livestill-bad, #b3261e);
  color-scheme: light;`;

const DARK = `
  --_surface: var(--livestill-surface, #12161e);
  --_text: var(--livestill-text, #eef1f6);
  --_muted: var(--livestill-muted, #a3adbd);
  --_line: var(--livestill-line, #2c3442);
  --_well: var(--livestill-well, #1b212c);
  --_accent: var(--livestill-accent, #8ab0ff);
  --_on-accent: var(--livestill-on-accent, #0b1424);
  --_good: var(--livestill-good, #5fd3a0);
  --_bad: var(--livestill-bad, #ff9b92);
  color-scheme: dark;`;

const SHEET = `
:host { display: block; ${LIGHT} }
:host([hidden]) { display: none; }
@media (prefers-color-scheme: dark) { :host { ${DARK} } }
:host([theme="light"]) { ${LIGHT} }
:host([theme="dark"]) { ${DARK} }
* { box-sizing: border-box; margin: 0; }
[hidden] { display: none !important; }

.card {
  container-type: inline-size;
  position: relative;
  width: max(15rem, min(100%, var(--livestill-width, 24rem), (100svh - 9rem) * 0.75));
  margin-inline: auto;
  padding: 12px;
  border: 1px solid var(--_line);
  border-radius: var(--livestill-radius, 24px);
  background: var(--_surface);
  color: var(--_text);
  font-family: var(--livestill-font, system-ui, -apple-system, "Segoe UI", Roboto, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif);
  font-size: 15px;
  line-height: 1.45;
  -webkit-font-smoothing: antialiased;
}

.frame {
  position: relative;
  display: grid;
  aspect-ratio: 3 / 4;
  border-radius: calc(var(--livestill-radius, 24px) - 10px);
  overflow: clip;
  background: var(--_well);
}

.screen { position: absolute; inset: 0; background: var(--_well); }
.guide, .hint { visibility: hidden; }
:is([data-state="live"], [data-state="taking"]) .screen { background: #0b0e14; }
:is([data-state="live"], [data-state="taking"]) :is(.guide, .hint) { visibility: visible; }
.preview { position: absolute; inset: 0; width: 100%; height: 100%; object-fit: cover; transform: scaleX(-1); }
.guide { position: absolute; inset: 0; width: 100%; height: 100%; fill: none; }
.scrim { fill: rgb(9 13 21 / 0.5); }
.oval { stroke: #fff; stroke-opacity: 0.92; stroke-width: 2; transition: stroke 200ms; }
.progress { stroke: #57e3a6; stroke-width: 5; stroke-linecap: round; stroke-dasharray: 1; stroke-dashoffset: 1; transition: stroke-dashoffset 160ms linear, opacity 160ms; opacity: 0; }
[data-hint="good"] .oval, [data-state="taking"] .oval { stroke: #57e3a6; stroke-width: 3; }
[data-holding] .oval { stroke: #fff; stroke-width: 2; }
[data-holding] .progress, [data-state="taking"] .progress { opacity: 1; }
[data-state="taking"] .progress { stroke-dashoffset: 0 !important; }

.hint {
  position: absolute;
  inset: auto 12px 5.5%;
  width: fit-content;
  max-width: calc(100% - 24px);
  margin-inline: auto;
  padding: 9px 16px 9px 34px;
  border-radius: 20px;
  background: rgb(13 17 25 / 0.86);
  color: #fff;
  font-size: 16px;
  font-weight: 600;
  line-height: 1.3;
}
.hint::before { content: ""; position: absolute; left: 16px; top: calc(9px + 0.65em - 4.5px); width: 9px; height: 9px; border-radius: 50%; background: #ffc44d; }
[data-hint="good"] .hint::before, [data-state="taking"] .hint::before { background: #57e3a6; }

.flash { position: absolute; inset: 0; background: #fff; opacity: 0; }
.flash.on { animation: flash 220ms ease-out; }
@keyframes flash { from { opacity: 0.55; } to { opacity: 0; } }

.message {
  position: relative;
  background: var(--_well);
  display: flex;
  flex-direction: column;
  align-items: center;
  justify-content: center;
  padding: 20px 18px;
  text-align: center;
}
[data-state="live"] .message, [data-state="taking"] .message { visibility: hidden; }
.message:focus { outline: none; }
.actions:not(:has(button:not([hidden]))) { display: none; }
.symbol { display: grid; place-items: center; width: 84px; height: 84px; margin-bottom: 16px; border-radius: 50%; background: var(--_surface); color: var(--_accent); }
.icon { width: 1em; height: 1em; fill: none; stroke: currentColor; stroke-width: 2; stroke-linecap: round; stroke-linejoin: round; flex: none; }
.symbol .icon { width: 42px; height: 42px; stroke-width: 1.6; }
.title { font-size: 20px; font-weight: 650; line-height: 1.25; letter-spacing: -0.01em; text-wrap: balance; }
.card:lang(zh) .title { letter-spacing: 0; }
.text { max-width: 34ch; margin-top: 6px; color: var(--_muted); text-wrap: balance; overflow-wrap: anywhere; }
.tips { display: none; gap: 8px; margin-top: 20px; padding: 0; list-style: none; text-align: start; }
[data-state="idle"] .tips { display: grid; }
.tips li { display: flex; align-items: center; gap: 10px; }
.tips .icon { font-size: 18px; color: var(--_good); }
.privacy { display: none; gap: 6px; margin-top: auto; padding-top: 16px; color: var(--_muted); font-size: 13px; line-height: 1.35; text-align: start; }
[data-state="idle"] .privacy, [data-state="asking"] .privacy { display: flex; }
[data-state="idle"] .message, [data-state="asking"] .message { justify-content: flex-start; padding-top: 9%; }
[data-state="asking"] .message { padding-top: 24%; }
.privacy .icon { font-size: 15px; margin-top: 1px; }

[data-state="refused"]:not([data-icon="face"]) .symbol { color: var(--_bad); }
[data-state="done"] .symbol, [data-state="sent"] .symbol { width: 64px; height: 64px; background: var(--_good); color: var(--_surface); }
[data-state="done"] .symbol .icon, [data-state="sent"] .symbol .icon { width: 34px; height: 34px; stroke-width: 2.4; }
[data-state="done"] .symbol path { stroke-dasharray: 1; animation: draw 360ms 80ms ease-out backwards; }
@keyframes draw { from { stroke-dashoffset: 1; } to { stroke-dashoffset: 0; } }
[data-state="asking"] .symbol, [data-state="uploading"] .symbol { animation: wait 1.8s ease-in-out infinite; }
@keyframes wait { 50% { box-shadow: 0 0 0 10px color-mix(in srgb, var(--_accent) 14%, transparent); } }

.pictures { display: none; grid-auto-flow: column; grid-auto-columns: minmax(0, 88px); justify-content: center; gap: 8px; width: 100%; margin-top: 22px; }
[data-state="done"] .pictures, [data-state="sent"] .pictures, [data-state="uploading"] .pictures { display: grid; }
.pictures canvas { width: 100%; height: auto; border-radius: 10px; background: var(--_line); transition: opacity 200ms; }
[data-state="uploading"] .pictures :not(.sent) { opacity: 0.45; }

.actions { display: flex; gap: 8px; margin-top: 12px; }
button {
  flex: 1 1 auto;
  min-height: 48px;
  padding: 10px 16px;
  border: 1px solid transparent;
  border-radius: calc(var(--livestill-radius, 24px) - 10px);
  font: inherit;
  font-size: 16px;
  font-weight: 600;
  line-height: 1.2;
  cursor: pointer;
  -webkit-tap-highlight-color: transparent;
  transition: background-color 120ms, filter 120ms;
}
.main { background: var(--_accent); color: var(--_on-accent); }
.cancel, [data-state="done"] .main { flex-grow: 0; border-color: var(--_line); background: transparent; color: var(--_text); }
[data-state="done"] .main { flex-grow: 1; }
@media (hover: hover) {
  .main:hover { filter: brightness(1.08); }
  .cancel:hover, [data-state="done"] .main:hover { background: var(--_well); filter: none; }
}
button:focus-visible { outline: 3px solid var(--_accent); outline-offset: 2px; }
button[aria-disabled="true"] { opacity: 0.55; cursor: default; filter: none; }

.announcer { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }

@container (max-width: 17.5rem) {
  .hint { inset: auto 8px 3%; max-width: calc(100% - 16px); padding: 6px 12px 6px 26px; font-size: 14px; }
  .hint::before { left: 11px; top: calc(6px + 0.65em - 4.5px); }
  .tips, [data-state="asking"] .privacy { display: none !important; }
  [data-state="asking"] .message { justify-content: center; padding-top: 20px; }
  .symbol { width: 64px; height: 64px; margin-bottom: 10px; }
  .title { font-size: 18px; }
  button { padding-inline: 10px; font-size: 15px; }
}
/* A phone that lies: the buttons stand beside the frame, which is as high as the window lets it be. */
@media (orientation: landscape) and (max-height: 30rem) {
  .card { display: flex; align-items: center; gap: 12px; width: min(100%, 34rem); container-type: normal; }
  .frame { flex: 1 1 auto; min-height: min(18rem, 100svh - 4.5rem); aspect-ratio: auto; }
  :is([data-state="live"], [data-state="taking"]) .frame { flex: none; height: max(12rem, 100svh - 4.5rem); aspect-ratio: 3 / 4; margin-inline: auto; }
  .message { padding-block: 12px !important; }
  .symbol { width: 56px; height: 56px; margin-bottom: 10px; }
  .symbol .icon { width: 30px; height: 30px; }
  .tips { display: none !important; }
  .pictures { margin-top: 14px; }
  .actions { flex: 0 0 12rem; flex-direction: column-reverse; margin-top: 0; }
  :is([data-state="live"], [data-state="taking"]) .actions { flex-grow: 1; }
  .cancel { flex-grow: 1; }
  button { padding-inline: 10px; }
}
@media (prefers-reduced-motion: reduce) {
  *, *::before { animation: none !important; transition: none !important; }
}
@media (forced-colors: active) {
  .hint, button, .symbol { border: 1px solid CanvasText; }
  .hint::before { background: CanvasText !important; forced-color-adjust: none; }
  .icon, .oval, .progress { stroke: CanvasText; }
}
`;

let made: CSSStyleSheet | undefined;

/** The style sheet, one for all components of a page. A constructed sheet needs no permission of a content security policy. */
export function style(): CSSStyleSheet {
  if (made === undefined) {
    made = new CSSStyleSheet();
    made.replaceSync(SHEET);
  }
  return made;
}
