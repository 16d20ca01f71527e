const find = (id) => document.getElementById(id);
const painter = find('painter');

find('paint').addEventListener('click', async () => {
  painter.label = find('label').value;
  try {
    const { seed, report } = await painter.generate();
    find('log').textContent = `Seed ${seed}: ${report.policy}, ${Math.round(report.totals.ms)} ms.`;
  } catch (error) {
    find('log').textContent = error.remedy ? `${error.message} ${error.remedy}` : error.message;
  }
});

find('stop').addEventListener('click', () => painter.abort());

find('save').addEventListener('click', async () => {
  const blob = await painter.toBlob();
  if (!blob) return;
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = `${painter.label}.png`;
  link.click();
  URL.revokeObjectURL(link.href);
});

painter.addEventListener('webdit-step', ({ detail }) => {
  find('log').textContent = `Step ${detail.n + 1} of ${detail.steps}: ${detail.kind}.`;
});
