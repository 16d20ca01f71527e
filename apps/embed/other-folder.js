const find = (id) => document.getElementById(id);
const painter = find('painter');

document.querySelector('form').addEventListener('submit', async (event) => {
  event.preventDefault();
  painter.model = find('folder').value;
  painter.label = find('label').value;
  find('log').textContent = '';
  try {
    await painter.generate();
    const { name, dtype, model } = painter.info;
    find('log').textContent = `${name}: ${model.depth} layers, ${model.numClasses} classes, weights in ${dtype}.`;
  } catch {
    // The element says what went wrong.
  }
});
