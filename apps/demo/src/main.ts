import './trusted-types.ts';
import './app.ts';
