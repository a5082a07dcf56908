import { useEffect } from 'preact/hooks';
import { Entrance } from './pages/entrance.tsx';
import { followLinks } from './router.ts';
import { loadSession, session } from './session.ts';
import { Shell } from './ui/shell.tsx';
import { Failed, Loading } from './ui/states.tsx';

/** The console: the pages where somebody is signed in, and the way in where nobody is. */
export function App() {
  useEffect(() => {
    void loadSession();
    document.addEventListener('click', followLinks);
    return () => document.removeEventListener('click', followLinks);
  }, []);
  const now = session.value;
  switch (now.kind) {
    case 'loading':
      return <Loading />;
    case 'failed':
      return (
        <main class="centre">
          <Failed error={now.error} retry={() => void loadSession()} />
        </main>
      );
    case 'signedIn':
      return <Shell me={now.me} />;
    default:
      return <Entrance now={now} />;
  }
}
