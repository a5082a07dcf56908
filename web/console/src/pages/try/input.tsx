import { useEffect, useRef, useState } from 'preact/hooks';
import type { LivestillCamera } from '../../../../camera/index.ts';
import { language, t } from '../../i18n/index.ts';
import { isDark } from '../../look.ts';
import { Icon } from '../../ui/icons.tsx';

/** Ways to a picture: dropped, pasted, chosen, taken. */
export function PictureInput({ onPicture }: { readonly onPicture: (picture: Blob) => void }) {
  const [isOver, setOver] = useState(false);
  const [isCamera, setCamera] = useState(false);
  const file = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const onPaste = (event: ClipboardEvent) => {
      const pasted = Array.from(event.clipboardData?.files ?? [])[0];
      if (pasted !== undefined) onPicture(pasted);
    };
    document.addEventListener('paste', onPaste);
    return () => document.removeEventListener('paste', onPaste);
  }, [onPicture]);
  const onDrop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    const dropped = event.dataTransfer?.files[0];
    if (dropped !== undefined) onPicture(dropped);
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
        <Camera onPicture={onPicture} />
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
        </>
      )}
      <input
        ref={file}
        type="file"
        class="unseen"
        tabIndex={-1}
        aria-label={t('try.choose')}
        accept="image/jpeg,image/png,image/webp,image/heic,image/heif,image/avif,image/bmp"
        onChange={({ currentTarget }) => {
          const chosen = currentTarget.files?.[0];
          if (chosen !== undefined) onPicture(chosen);
          currentTarget.value = '';
        }}
      />
      <button type="button" class="button" onClick={() => setCamera(!isCamera)}>
        {t(isCamera ? 'try.cameraStop' : 'try.camera')}
      </button>
    </div>
  );
}

/** The camera component of this very project; it is fetched when it is first wanted. */
function Camera({ onPicture }: { readonly onPicture: (picture: Blob) => void }) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    let camera: LivestillCamera | undefined;
    let isLeft = false;
    void import('../../../../camera/index.ts').then(({ LivestillCamera: Element }) => {
      if (isLeft) return;
      camera = new Element();
      camera.setAttribute('stills', '2');
      camera.setAttribute('lang', language.peek());
      camera.setAttribute('theme', isDark.peek() ? 'dark' : 'light');
      camera.setAttribute('reason', t('try.cameraReason'));
      camera.addEventListener('stills', (event) => {
        const still = (event as CustomEvent<{ stills: readonly Blob[] }>).detail.stills.at(-1);
        if (still !== undefined) onPicture(still);
      });
      box.current?.append(camera);
    });
    return () => {
      isLeft = true;
      camera?.remove();
    };
  }, [onPicture]);
  return <div class="camera" ref={box} />;
}
