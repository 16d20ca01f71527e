/** Shows a picture. @returns it as a PNG. */
export async function drawPicture(canvas: HTMLCanvasElement, image: ImageData): Promise<Blob> {
  canvas.width = image.width;
  canvas.height = image.height;
  canvas.getContext('2d')?.putImageData(image, 0, 0);
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/png'));
  if (blob) return blob;
  throw new Error('The browser could not write the picture as a PNG.');
}

/** Shows how far a run is, as coarse as its latents are. */
export function showPreview(canvas: HTMLCanvasElement | null, preview: ImageData): void {
  if (!canvas) return;
  canvas.width = preview.width;
  canvas.height = preview.height;
  canvas.getContext('2d')?.putImageData(preview, 0, 0);
}

export function clearCanvas(canvas: HTMLCanvasElement | null | undefined): void {
  if (!canvas) return;
  canvas.width = 0;
  canvas.height = 0;
}
