import type { AdminArea } from './area.ts';
import { shared } from './shared.ts';

/** One thing that was looked at, with what to do. */
export interface DoctorCheck {
  readonly name: string;
  readonly status: 'ok' | 'warn' | 'fail';
  readonly found: string;
  readonly advice: string | null;
}

/** What the page of the doctor is made of. */
export interface DoctorDeps {
  readonly examine: () => Promise<{
    readonly checks: readonly DoctorCheck[];
    /** False: there was no time for all of them. */
    readonly isWhole: boolean;
    readonly milliseconds: number;
  }>;
}

/** `GET /doctor`: the checks of `livestill doctor`; those who ask meanwhile share a run. */
export function doctorArea({ examine }: DoctorDeps): AdminArea {
  return async (app, { console }) => {
    const run = shared(async () => {
      const { checks, isWhole, milliseconds } = await examine();
      return { at: new Date(console.clock()), checks, isWhole, milliseconds };
    });
    app.get(
      '/doctor',
      {
        config: { access: 'doctor' },
        schema: { summary: 'Check the installation: what is wrong, what helps' },
      },
      run,
    );
  };
}
