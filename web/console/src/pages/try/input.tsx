import { useEffect, useRef, useState } from 'preact/hooks';
import type { LivestillCamera } from '../../../../camera/index.ts';
import { language, t } from '../../i18n/index.ts';
import { isDark } from '../../look.ts';
import { Icon } from '../../ui/icons.tsx';
import { MOST_STILLS } from './types.ts';

/** Ways to a picture: dropped, pasted, chosen, taken. */
export function PictureInput({ onPictures }: { readonly onPictures: (pictures: readonly Blob[]) => void }) {
  const [problem, setProblem] = useState('');
  const take = (found: Iterable<Blob> | undefined) => {
    const pictures = [...(found ?? [])];
    setProblem(pictures.length > MOST_STILLS ? t('stills.tooMany') : '');
    if (pictures.length > 0 && pictures.length <= MOST_STILLS) onPictures(pictures);
  };
  const [isOver, setOver] = useState(false);
  const [isCamera, setCamera] = useState(false);
  const file = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const onPaste = (event: ClipboardEvent) => take(event.clipboardData?.files);
    document.addEventListener('paste', onPaste);
    return () => document.removeEventListener('paste', onPaste);
  }, [onPictures]);
  const onDrop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    take(event.dataTransfer?.files);
  };
  const onDragOver = (event: DragEvent) => {
    event.preventDefault();
    setOver(true);
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: dropping is one of several ways; the buttons inside do the same
    <div
      class={`drop ${isOver ? 'over' : ''}`}
      onDragOver={onDragOver}
      onDragLeave={() => setOver(false)}
      onDrop={onDrop}
    >
      {isCamera ? (
        <Camera onStills={onPictures} />
      ) : (
        <>
          <Icon name="upload" />
          <p>
            {t('try.drop')}{' '}
            <button type="button" class="link" onClick={() => file.current?.click()}>
              {t('try.choose')}
            </button>
          </p>
          <p class="dim">{t('try.formats')}</p>
          <p class="dim">{t('stills.several')}</p>
        </>
      )}
      <input
        ref={file}
        type="file"
        multiple
        class="unseen"
        tabIndex={-1}
        aria-label={t('try.choose')}
        accept="image/jpeg,image/png,image/webp,image/heic,image/heif,image/avif,image/bmp"
        onChange={({ currentTarget }) => {
          take(currentTarget.files ?? undefined);
          currentTarget.value = '';
        }}
      />
      <p class="problem" role="alert">
        {problem}
      </p>
      <button type="button" class="button" onClick={() => setCamera(!isCamera)}>
        {t(isCamera ? 'try.cameraStop' : 'try.camera')}
      </button>
    </div>
  );
}

/** The camera component of this very project; it is fetched when it is first wanted. */
function Camera({ onStills }: { readonly onStills: (stills: readonly Blob[]) => void }) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    let camera: LivestillCamera | undefined;
    let isLeft = false;
    void import('../../../../camera/index.ts').then(({ LivestillCamera: Element }) => {
      if (isLeft) return;
      camera = new Element();
      camera.setAttribute('stills', '3');
      camera.setAttribute('lang', language.peek());
      camera.setAttribute('theme', isDark.peek() ? 'dark' : 'light');
      camera.setAttribute('reason', t('try.cameraReason'));
      camera.addEventListener('stills', (event) => {
        const { stills } = (event as CustomEvent<{ stills: readonly Blob[] }>).detail;
        if (stills.length > 0) onStills(stills.slice(0, MOST_STILLS));
      });
      box.current?.append(camera);
    });
    return () => {
      isLeft = true;
      camera?.remove();
    };
  }, [onStills]);
  return <div class="camera" ref={box} />;
}
