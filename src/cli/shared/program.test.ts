import { Command, CommanderError } from 'commander';
import { describe, expect, it } from 'vitest';
import { createProgram, refuseUnknownWords } from './program.ts';

const COMMANDS = [
  'serve',
  'score',
  'batch',
  'worker',
  'app',
  'key',
  'user',
  'sign',
  'ledger',
  'log',
  'backup',
  'restore',
  'migrate',
  'store',
  'config',
  'doctor',
  'models',
  'evaluate',
  'simulate',
];

async function run(...args: string[]): Promise<string> {
  let out = '';
  const write = (text: string) => {
    out += text;
  };
  const program = await createProgram(
    new Command().configureOutput({ writeOut: write, writeErr: write }),
    args,
  );
  await program.parseAsync(args, { from: 'user' }).catch((error: Error) => {
    if (error.name !== 'CommanderError') throw error;
  });
  return out;
}

describe('the command line', () => {
  it('lists every command in its help', async () => {
    const help = await run('--help');
    for (const command of COMMANDS) expect(help).toMatch(new RegExp(`^  ${command}\\b`, 'm'));
    expect(help).toContain('First steps:');
  });

  it('has help that fits a terminal, shows defaults as they are typed, and says what a command ends with', async () => {
    for (const name of COMMANDS) {
      const help = await run(name, '--help');
      expect(help.split('\n').filter((line) => line.length > 130)).toEqual([]);
      expect(help).not.toMatch(/default: \[/);
      expect(help, name).toMatch(/\n(?:Examples?|Exit status):/);
    }
  });

  it.each(COMMANDS)('has a help of its own for %s, with every option explained', async (command) => {
    const help = await run(command, '--help');
    expect(help).toContain(`Usage: livestill ${command}`);
    for (const line of help.split('\n')) {
      if (/^ {2}--?[a-z]/.test(line)) expect(line).toMatch(/^ {2}-\S.* {2,}\S|^ {2}-\S+( <[^>]+>)?$/);
    }
  });

  it('suggests the command that was meant', async () => {
    expect(await run('scroe', 'x.jpg')).toContain('Did you mean score?');
    expect(await run('toString')).toContain("unknown command 'toString'");
  });

  it('prints its version', async () => {
    expect(await run('--version')).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it.each([
    [['scroe', '--help'], "unknown command 'scroe'\n(Did you mean score?)"],
    [['key', 'lst', '--help'], "unknown command 'lst'\n(Did you mean list?)"],
    [['help', 'scroe'], "unknown command 'scroe'"],
    [['models', '--help', 'lst'], null],
    [['key', 'list', '--help'], null],
    [['score', 'a.jpg', '--help'], null],
    [['--help'], null],
    [['help', 'key'], null],
  ])('refuses an unknown word before help: %j', async (args, message) => {
    const said: string[] = [];
    const output = { writeOut: () => {}, writeErr: (text: string) => void said.push(text) };
    const program = await createProgram(new Command().configureOutput(output), args);
    const refusing = () => refuseUnknownWords(program, args);
    if (message === null) expect(refusing).not.toThrow();
    else {
      expect(refusing).toThrow(CommanderError);
      expect(said.join('')).toContain(message);
    }
  });
});
