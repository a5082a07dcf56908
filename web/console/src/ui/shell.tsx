import { effect } from '@preact/signals';
import type { ComponentType } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { ApiError, call, comebacks, isReachable } from '../api.ts';
import { language, named, type TextKey, t } from '../i18n/index.ts';
import { type Theme, theme } from '../look.ts';
import { go, hrefOf, place } from '../router.ts';
import { may, signOut } from '../session.ts';
import type { Me } from '../types.ts';
import { Icon, type IconName } from './icons.tsx';
import { Choice, Name, PageHead } from './parts.tsx';
import { ProofDialog } from './proof-dialog.tsx';
import { Empty, Failed, Loading } from './states.tsx';
import { Toasts } from './toast.tsx';

interface PageEntry {
  readonly path: string;
  readonly text: TextKey;
  readonly icon: IconName;
  readonly permission: string;
  readonly load: () => Promise<ComponentType>;
}

/** The pages, in the order of the menu; each is fetched when it is first opened. */
const PAGES: readonly PageEntry[] = [
  {
    path: '/try',
    text: 'nav.try',
    icon: 'face',
    permission: 'try',
    load: async () => (await import('../pages/try.tsx')).TryPage,
  },
  {
    path: '/activity',
    text: 'nav.activity',
    icon: 'chart',
    permission: 'activity',
    load: async () => (await import('../pages/activity.tsx')).ActivityPage,
  },
  {
    path: '/decisions',
    text: 'nav.decisions',
    icon: 'list',
    permission: 'decisions',
    load: async () => (await import('../pages/decisions.tsx')).DecisionsPage,
  },
  {
    path: '/review',
    text: 'nav.review',
    icon: 'check',
    permission: 'review',
    load: async () => (await import('../pages/review.tsx')).ReviewPage,
  },
  {
    path: '/threshold',
    text: 'nav.threshold',
    icon: 'slider',
    permission: 'threshold',
    load: async () => (await import('../pages/threshold.tsx')).ThresholdPage,
  },
  {
    path: '/apps',
    text: 'nav.apps',
    icon: 'apps',
    permission: 'apps.read',
    load: async () => (await import('../pages/apps.tsx')).AppsPage,
  },
  {
    path: '/batches',
    text: 'nav.batches',
    icon: 'stack',
    permission: 'batches',
    load: async () => (await import('../pages/batches.tsx')).BatchesPage,
  },
  {
    path: '/signature',
    text: 'nav.signature',
    icon: 'pen',
    permission: 'keys',
    load: async () => (await import('../pages/signature.tsx')).SignaturePage,
  },
  {
    path: '/doctor',
    text: 'nav.doctor',
    icon: 'pulse',
    permission: 'doctor',
    load: async () => (await import('../pages/doctor.tsx')).DoctorPage,
  },
  {
    path: '/users',
    text: 'nav.users',
    icon: 'users',
    permission: 'users',
    load: async () => (await import('../pages/users.tsx')).UsersPage,
  },
  {
    path: '/admin-keys',
    text: 'nav.adminKeys',
    icon: 'key',
    permission: 'adminKeys',
    load: async () => (await import('../pages/admin-keys.tsx')).AdminKeysPage,
  },
  {
    path: '/audit',
    text: 'nav.audit',
    icon: 'shield',
    permission: 'audit',
    load: async () => (await import('../pages/audit.tsx')).AuditPage,
  },
  {
    path: '/admin-log',
    text: 'nav.adminLog',
    icon: 'log',
    permission: 'adminLog',
    load: async () => (await import('../pages/admin-log.tsx')).AdminLogPage,
  },
];

/** What everybody has who is signed in; the name at the end of the menu leads there. */
const ACCOUNT: PageEntry = {
  path: '/account',
  text: 'nav.account',
  icon: 'users',
  permission: '',
  load: async () => (await import('../pages/account.tsx')).AccountPage,
};

const allowedPages = () => PAGES.filter(({ permission }) => may(permission));

/** Navigation, what is said about the service, and the page. */
export function Shell({ me }: { readonly me: Me }) {
  const [isOpen, setOpen] = useState(false);
  const { path } = place.value;
  useEffect(() => {
    setOpen(false);
    const first = allowedPages()[0];
    if (path === '/' && first !== undefined) go(first.path, true);
  }, [path]);
  const current = [...PAGES, ACCOUNT].find((page) => path === page.path || path.startsWith(`${page.path}/`));
  return (
    <div class={`shell ${isOpen ? 'open' : ''}`}>
      <a class="skip" href="#content">
        {t('nav.skip')}
      </a>
      <header class="bar">
        <button
          type="button"
          class="icon-button"
          aria-expanded={isOpen}
          aria-controls="menu"
          onClick={() => setOpen(!isOpen)}
        >
          <Icon name={isOpen ? 'close' : 'menu'} />
          <span class="unseen">{t(isOpen ? 'nav.close' : 'nav.menu')}</span>
        </button>
        <Brand />
      </header>
      <aside class="side" id="menu" aria-label={t('nav.menu')}>
        <Brand />
        <nav aria-label={t('nav.main')}>
          {allowedPages().map((page) => (
            <a key={page.path} href={hrefOf(page.path)} aria-current={page === current ? 'page' : undefined}>
              <Icon name={page.icon} />
              {t(page.text)}
            </a>
          ))}
        </nav>
        <div class="side-end">
          <Looks />
          <div class="who">
            <a href={hrefOf(ACCOUNT.path)} aria-current={current === ACCOUNT ? 'page' : undefined}>
              <strong>
                <Name>{me.user.name}</Name>
              </strong>
              <span class="dim">{named('role', me.user.role)}</span>
              <span class="unseen">{t('nav.account')}</span>
            </a>
            <button type="button" class="button small" onClick={() => void signOut()}>
              {t('signIn.out')}
            </button>
          </div>
        </div>
      </aside>
      <main id="content" class="page" tabIndex={-1}>
        <Reach />
        <Page entry={current} isKnown={path === '/' || current !== undefined} />
      </main>
      <ProofDialog me={me} />
      <Toasts />
    </div>
  );
}

function Brand() {
  return (
    <span class="brand">
      <img src={hrefOf('/icon.svg')} alt="" width="24" height="24" />
      {t('app.name')}
    </span>
  );
}

/** The switches of theme and language. */
export function Looks() {
  return (
    <div class="looks">
      <Choice
        label={t('look.theme')}
        value={theme.value}
        options={(['system', 'light', 'dark'] as const).map((one) => [one, t(`look.${one}`)] as const)}
        onChoose={(value) => {
          theme.value = value as Theme;
        }}
      />
      <Choice
        label={t('look.language')}
        value={language.value}
        options={[
          ['en', 'English'],
          ['zh', '中文'],
        ]}
        onChoose={(value) => {
          language.value = value === 'zh' ? 'zh' : 'en';
        }}
      />
    </div>
  );
}

/** Says that the service went away, and for a moment that it came back. */
export function Reach() {
  const [isBack, setBack] = useState(false);
  useEffect(() => {
    let seen = comebacks.peek();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = effect(() => {
      if (comebacks.value === seen) return;
      seen = comebacks.value;
      setBack(true);
      clearTimeout(timer);
      timer = setTimeout(() => setBack(false), 4000);
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, []);
  return (
    <div aria-live="polite">
      {!isReachable.value && <p class="banner bad">{t('state.gone')}</p>}
      {isReachable.value && isBack && <p class="banner good">{t('state.back')}</p>}
    </div>
  );
}

function Page({ entry, isKnown }: { readonly entry: PageEntry | undefined; readonly isKnown: boolean }) {
  const loaded = useRef(new Map<PageEntry, ComponentType>());
  const [, setCount] = useState(0);
  const [error, setError] = useState<ApiError | null>(null);
  const { value: back } = comebacks;
  useEffect(() => {
    setError(null);
    if (entry === undefined || loaded.current.has(entry)) return;
    void entry.load().then(
      (component) => {
        loaded.current.set(entry, component);
        setCount((count) => count + 1);
      },
      () => void failed().then(setError),
    );
  }, [entry, back]);
  if (!isKnown) return <Nothing title={t('state.notFoundTitle')} text={t('state.notFound')} />;
  if (entry === undefined) return allowedPages().length === 0 ? <NotAllowed /> : null;
  if (entry !== ACCOUNT && !may(entry.permission)) return <NotAllowed />;
  const Component = loaded.current.get(entry);
  if (Component !== undefined) return <Component />;
  return error === null ? <Loading /> : <Failed error={error} retry={() => location.reload()} />;
}

/** How long a loaded page is taken to have the files of the service that answers. */
const FRESH_MS = 10_000;

/**
 * The code of a page did not come: the service does not answer, or a newer version of it has other files and the
 * whole must be loaded anew.
 */
async function failed(): Promise<ApiError | null> {
  try {
    await call('/state');
    // A page that has just been loaded has the newest files: loading it once more would not help.
    if (performance.now() < FRESH_MS) return new ApiError(0, { code: 'unreachable' });
    location.reload();
    return null;
  } catch (error) {
    if (error instanceof ApiError) return error;
    throw error;
  }
}

/** A page with nothing but a sentence. */
function Nothing({ title, text }: { readonly title: string; readonly text: string }) {
  return (
    <>
      <PageHead title={title} />
      <Empty>{text}</Empty>
    </>
  );
}

const NotAllowed = () => <Nothing title={t('state.notAllowedTitle')} text={t('state.notAllowed')} />;
