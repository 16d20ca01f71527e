import './studio.ts';
