import { describe, expect, it } from 'vitest';
import { ownCommand } from './own-command.ts';

describe('the command that starts this program again', () => {
  it.each([
    ['/srv/clone/bin/livestill.js', '/srv/clone', 'npx livestill'],
    ['/srv/clone/bin/livestill.js', '/srv/clone/', 'npx livestill'],
    ['bin/livestill.js', '/srv/clone', 'npx livestill'],
    ['/opt/livestill/bin/livestill.js', '/var/lib', 'node /opt/livestill/bin/livestill.js'],
    ['/opt/my livestill/bin/livestill.js', '/', "node '/opt/my livestill/bin/livestill.js'"],
    ['/srv/project/node_modules/.bin/livestill', '/srv/project', 'npx livestill'],
    ['/usr/local/bin/livestill', '/srv', 'livestill'],
    ['/srv/tests/run.js', '/srv', 'livestill'],
    [undefined, '/srv', 'livestill'],
  ])('%s in %s is %s', (started, folder, command) => {
    expect(ownCommand(started, folder)).toBe(command);
  });
});
