import type { ReasonCode } from '../../liveness/reasons.ts';

/** What is said of a reason: what was seen, and what the person in front of the camera can do. */
export interface ReasonTexts {
  readonly text: string;
  readonly advice: string;
}

const texts = (text: string, advice: string): ReasonTexts => ({ text, advice });

/** The Chinese texts of every reason; `{limit}` stands for the limit that was passed. */
export const CHINESE_TEXTS = {
  NO_FACE: texts('图片中未发现人脸。', '请在光线充足处正对镜头，不要遮挡面部。'),
  DETECTORS_DISAGREE: texts(
    '只有一个检测器认为有人脸，因此不作为人脸处理。',
    '请正对镜头，露出完整面部，重新拍摄。',
  ),
  ATTACK_SUSPECTED: texts('图片疑似翻拍：打印照片、屏幕或面具。', '请用相机直接为本人重新拍照。'),
  UNCERTAIN: texts(
    '图片不够有说服力，无法确定是真人。',
    '请在光线均匀处重新拍照，整个头部入镜并在四周留出空间；或由人工查看。',
  ),
  FACE_TOO_SMALL: texts('人脸宽度不足 {limit} 像素。', '请靠近镜头，或使用更大的图片。'),
  FACE_CUT_OFF: texts('人脸的一部分在画面之外。', '请将整个头部保持在画面内。'),
  FACE_TOO_CLOSE: texts('人脸占满画面，周围内容太少。', '请将相机拿远一些；不要把图片裁剪到只剩面部。'),
  TOO_DARK: texts('面部过暗。', '请面向光源。'),
  TOO_BRIGHT: texts('面部过亮。', '请避开直射光，或关闭闪光灯。'),
  DEEP_SHADOW: texts('面部大部分处于深阴影中。', '请转动方向，使光线照到整个面部。'),
  LOW_CONTRAST: texts('面部几乎没有对比度。', '请擦净镜头；避免雾气、强逆光和滤镜。'),
  BLURRED: texts('面部模糊。', '请保持不动，等待对焦，擦净镜头。'),
  HEAD_TILTED: texts('头部倾斜超过 20 度。', '请保持头部和相机竖直。'),
  NOISY: texts('图片布满彩色噪点。', '请在光线更充足处拍摄，擦净镜头，不要使用数码变焦。'),
  NO_COLOUR: texts(
    '图片没有自然色彩：黑白、红外或单一色调。',
    '请在光线充足处用普通相机拍摄彩色照片，不要使用滤镜。',
  ),
  CHANNELS_SWAPPED: texts(
    '图片的颜色通道顺序有误。',
    '请应用开发者按红、绿、蓝的顺序发送；有些图像库默认蓝色在前。',
  ),
  EYES_TOO_CLOSE: texts('双眼距离不足 {limit} 像素。', '请靠近镜头并正视镜头，或使用更大的图片。'),
  FACE_NEAR_EDGE: texts(
    '人脸与画面边缘的距离不足 {limit} 像素。',
    '请将面部移到画面中间，并将相机拿远一些；不要裁剪图片。',
  ),
  HEAD_TURNED_FAR: texts('头部向一侧转动超过 {limit} 度。', '请正视镜头。'),
  HEAD_RAISED_FAR: texts('头部后仰超过 {limit} 度。', '请收下巴，或将相机举到与眼睛同高。'),
  HEAD_LOWERED_FAR: texts('头部低垂超过 {limit} 度。', '请抬起下巴，或将相机举到与眼睛同高。'),
  PICTURE_WIDTH_TOO_SMALL: texts(
    '图片转正后宽度不足 {limit} 像素。',
    '请用更高的分辨率拍摄，并发送未裁剪、未缩小的图片。',
  ),
  PICTURE_HEIGHT_TOO_SMALL: texts(
    '图片转正后高度不足 {limit} 像素。',
    '请竖拿相机或使用更高的分辨率，并发送未裁剪、未缩小的图片。',
  ),
  FACE_SMALL: texts('人脸较小（宽度不足 80 像素）。', '请靠近镜头。'),
  FACE_CLOSE: texts('人脸周围空间较少。', '请将相机稍微拿远一些。'),
  DARK: texts('面部偏暗。', '请面向光源。'),
  BRIGHT: texts('面部偏亮。', '请避开直射光。'),
  GRAINY: texts('图片中有彩色噪点。', '请在光线更充足处拍摄。'),
  SOFT: texts('面部不够清晰。', '请保持不动，等待对焦。'),
  HEAD_TURNED: texts('头部转向一侧。', '请正视镜头。'),
  EYES_CLOSE_TOGETHER: texts('双眼距离不足 37 像素：人脸过小或转向一侧。', '请靠近镜头并正视镜头。'),
  OVEREXPOSED: texts('面部有部分区域过曝发白。', '请避开直射光，或关闭闪光灯。'),
  FLAT_TONES: texts('面部明暗层次很少。', '请擦净镜头；面向均匀的光线；不要使用滤镜。'),
  UNEVEN_LIGHT: texts('面部一侧比另一侧亮很多。', '请转动方向，使光线从正面照来。'),
  BACK_LIGHT: texts('背景比面部亮很多。', '请不要站在窗户或灯前；请面向光源。'),
  HEAD_FAR: texts('头部在画面中所占比例很小。', '请靠近镜头。'),
  HEAD_AT_EDGE: texts(
    '头部触及画面左侧或右侧边缘，或被边缘截断。',
    '请将头部移到画面中间，并将相机拿远一些；不要裁剪图片。',
  ),
  CROWN_AT_EDGE: texts(
    '头顶触及画面上边缘，或被边缘截断。',
    '请在头顶上方留出空间：将镜头略微朝上或拿远一些；不要裁剪图片。',
  ),
  CHIN_AT_EDGE: texts(
    '下巴触及画面下边缘，或被边缘截断。',
    '请在下巴下方留出空间：将镜头略微朝下或拿远一些；不要裁剪图片。',
  ),
  HEAD_RAISED: texts('头部后仰。', '请收下巴，正视镜头。'),
  HEAD_LOWERED: texts('头部低垂。', '请抬起下巴，正视镜头。'),
  FACES_ALIKE: texts(
    '画面中有两张几乎一样大的人脸，无法确定指的是哪一张。',
    '请保证画面中只有一个人，面部旁边也不要有他人的照片。',
  ),
  UNNATURAL_COLOUR: texts('面部没有自然的肤色。', '请使用白光；请发送未加滤镜的彩色图片。'),
  STILLS_DISAGREE: texts('部分照片像真人，部分照片像攻击。', '请用相机连续重新拍摄；或由人工查看。'),
  STILLS_IDENTICAL: texts(
    '其中两张照片是同一张图片。',
    '请用相机重新拍摄每一张照片；不要重复发送同一张图片。',
  ),
  STILLS_APART: texts('各张照片之间人脸位置或大小变化过大。', '请连续拍摄，期间保持不动。'),
  STILL_UNFIT: texts('有一张照片质量过差或没有人脸，未参与结果。', '请查看该照片的原因。'),
  COMPRESSED: texts('图片压缩过度，已出现方块。', '请发送相机原图，JPEG 质量 40 或更高。'),
  SEVERAL_FACES: texts('画面中有多张人脸。', '请保证画面中只有一个人。'),
  BORDERS: texts('图片四周有边框，判定时已去除。', '请发送原照片，不要发送截图或加边的图片。'),
  PICTURE_TURNED: texts('图片是侧放或倒置的，已转正。', '无需处理。'),
} as const satisfies Record<ReasonCode, ReasonTexts>;
