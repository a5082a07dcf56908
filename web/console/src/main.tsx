import { render } from 'preact';
import { App } from './app.tsx';
import { startLook } from './look.ts';
import './styles/base.css';
import './styles/parts.css';
import './styles/pages.css';
import './styles/accounts.css';

startLook();
const target = document.getElementById('app');
if (target !== null) render(<App />, target);
