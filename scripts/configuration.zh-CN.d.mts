/** The parts of a setting of src/config/setting-list.ts that its Chinese texts follow from. */
interface DescribedSetting {
  readonly key: string;
  readonly expected: string;
  readonly notes: { readonly unit?: string };
}

export const DESCRIPTIONS: Readonly<Record<string, string>>;
export function inChinese(setting: DescribedSetting): { readonly expected: string; readonly does: string };
