import { call } from '../../api.ts';
import { t } from '../../i18n/index.ts';
import { saveJson } from '../../ui/files.ts';
import { Form } from '../../ui/form.tsx';
import { Card } from '../../ui/parts.tsx';

/** Signs the state of the chains and hands it over as a file. */
export function HeadCard() {
  const sign = async () => {
    const heads = await call<object>('/audit/head', { method: 'POST' });
    const day = new Date().toISOString().slice(0, 10);
    saveJson(`livestill-head-${day}.json`, heads);
  };
  return (
    <Card title={t('audit.head')}>
      <p class="dim">{t('audit.headLead')}</p>
      <Form submit={t('audit.headNow')} onSubmit={sign} />
    </Card>
  );
}
