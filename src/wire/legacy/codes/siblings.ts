import type { Bilingual, CatalogueEntry } from './entry.ts';

type Family = 'signing' | 'commerce' | 'faces' | 'video' | 'card';

const FAMILIES: Readonly<Record<Family, Bilingual>> = {
  signing: {
    en: 'Nothing to do: an internal fault of the old service that livestill does not have.',
    zh: '无需处理：原服务的内部错误，livestill 不会出现。',
  },
  commerce: {
    en: 'Nothing to do: it spoke of contracts and purchased resources of the old service.',
    zh: '无需处理：与原服务的开通及资源包有关。',
  },
  faces: {
    en: 'Nothing to do: it belonged to face detection, comparison and person groups, which livestill does not offer.',
    zh: '无需处理：属于人脸检测、比对与个体管理接口，livestill 不提供。',
  },
  video: {
    en: 'Nothing to do: it belonged to liveness from a video, which livestill does not offer.',
    zh: '无需处理：属于视频活体检测接口，livestill 不提供。',
  },
  card: {
    en: 'Nothing to do: it belonged to the comparison with an identity card, which livestill does not offer.',
    zh: '无需处理：属于身份证比对接口，livestill 不提供。',
  },
};

type Row = readonly [code: number, name: string, family: Family, zh: string, en: string];

const ROWS: readonly Row[] = [
  [7, 'SIGN_ENCODE_FAILED', 'signing', '签名编码失败（内部错误）', 'Signature encoding failed (internal)'],
  [8, 'SIGN_DECODE_FAILED', 'signing', '签名解码失败（内部错误）', 'Signature decoding failed (internal)'],
  [
    24,
    'NO_PERMISSION',
    'commerce',
    '本接口即将下线，请使用新版接口（人脸识别）；无权限，未申请服务（人脸核身）',
    'API being retired, or no permission: the service was not applied for',
  ],
  [
    25,
    'RESOURCES_USED_UP',
    'commerce',
    '服务已暂停（核身）；您购买的资源已用完（OCR）',
    'Service suspended, or the purchased resources are used up',
  ],
  [-1101, 'FACES_DETECT_FAILED', 'faces', '人脸检测失败', 'Face detection failed'],
  [-1102, 'FACES_DECODE_FAILED', 'faces', '图片解码失败', 'Image decoding failed'],
  [-1103, 'FEATURE_FAILED', 'faces', '特征处理失败', 'Feature processing failed'],
  [-1104, 'SHAPE_FAILED', 'faces', '提取轮廓错误', 'Shape extraction failed'],
  [-1105, 'GENDER_FAILED', 'faces', '提取性别错误', 'Gender extraction failed'],
  [-1106, 'EXPRESSION_FAILED', 'faces', '提取表情错误', 'Expression extraction failed'],
  [-1107, 'AGE_FAILED', 'faces', '提取年龄错误', 'Age extraction failed'],
  [-1108, 'POSE_FAILED', 'faces', '提取姿态错误', 'Pose extraction failed'],
  [-1109, 'GLASSES_FAILED', 'faces', '提取眼镜错误', 'Glasses extraction failed'],
  [-1200, 'FEATURE_STORAGE_FAILED', 'faces', '特征存储错误', 'Feature storage error'],
  [-1300, 'FACES_IMAGE_EMPTY', 'faces', '图片为空', 'Image is empty'],
  [-1301, 'FACES_PARAMETER_EMPTY', 'faces', '参数为空', 'Parameter is empty'],
  [-1302, 'PERSON_EXISTS', 'faces', '个体已存在', 'Person already exists'],
  [-1303, 'PERSON_UNKNOWN', 'faces', '个体不存在', 'Person does not exist'],
  [-1304, 'PARAMETER_TOO_LONG', 'faces', '参数过长', 'Parameter too long'],
  [-1305, 'FACE_UNKNOWN', 'faces', '人脸不存在', 'Face does not exist'],
  [-1306, 'GROUP_UNKNOWN', 'faces', '组不存在', 'Group does not exist'],
  [-1307, 'GROUP_LIST_UNKNOWN', 'faces', '组列表不存在', 'Group list does not exist'],
  [-1308, 'FACES_URL_DOWNLOAD_FAILED', 'faces', 'url 图片下载失败', 'Failed to download the image of url'],
  [-1309, 'TOO_MANY_FACES', 'faces', '人脸个数超过限制', 'Too many faces'],
  [-1310, 'TOO_MANY_PERSONS', 'faces', '个体个数超过限制', 'Too many persons'],
  [-1311, 'TOO_MANY_GROUPS', 'faces', '组个数超过限制', 'Too many groups'],
  [-1312, 'FACE_ALREADY_ADDED', 'faces', '对个体添加了几乎相同的人脸', 'Nearly identical face added'],
  [-1313, 'FACES_INVALID_PARAMETER', 'faces', '无效的参数', 'Invalid parameter'],
  [-1400, 'FACES_IMAGE_FORMAT', 'faces', '非法的图片格式', 'Illegal image format'],
  [-1403, 'FACES_DOWNLOAD_FAILED', 'faces', '图片下载失败', 'Image download failed'],
  [-4002, 'CARD_PARAMETER_EMPTY', 'card', '（文档未列）参数为空', '(undocumented) empty parameter'],
  [
    -4006,
    'VIDEO_FEATURE_FAILED',
    'video',
    '视频中自拍照特征提取失败',
    'Failed to extract features of the selfie in the video',
  ],
  [
    -4007,
    'VIDEO_COMPARE_FAILED',
    'video',
    '视频中自拍照之间对比失败',
    'Failed to compare selfies in the video',
  ],
  [
    -4009,
    'CARD_FEATURE_FAILED',
    'card',
    'Card 照片提取特征失败',
    'Failed to extract features of the card image',
  ],
  [
    -4010,
    'CARD_SIMILARITY_FAILED',
    'card',
    '自拍照与 Card 照片相似度计算失败',
    'Failed to calculate the similarity between the selfie and the card image',
  ],
  [-4011, 'PHOTO_DECODE_FAILED', 'card', '照片解码失败', 'Photo decoding failed'],
  [-4012, 'PHOTO_DETECT_FAILED', 'card', '照片人脸检测失败', 'Face detection of photo failed'],
  [-4017, 'CARD_DETECT_FAILED', 'card', 'Card 照片人脸检测失败', 'Facial detection of card image failed'],
  [-4018, 'CARD_DECODE_FAILED', 'card', 'Card 照片解码失败', 'Card image decoding failed'],
  [-5001, 'VIDEO_INVALID', 'video', '视频无效', 'Invalid video'],
  [-5002, 'LIP_READING_FAILED', 'video', '唇语失败', 'Lip reading failed'],
  [-5005, 'SELFIE_PARSE_INSUFFICIENT', 'video', '自拍照解析照片不足', 'Insufficient parsing for selfie'],
  [-5007, 'VIDEO_NO_SOUND', 'video', '视频没有声音', 'No sound in the video'],
  [-5008, 'VOICE_FAILED', 'video', '声音识别失败', 'Voice recognition failed'],
  [
    -5009,
    'VIDEO_DETECT_FAILED',
    'video',
    '视频人脸检测失败，没有嘴或者脸',
    'Facial detection of video failed. No mouth or face',
  ],
  [-5010, 'LIP_MOVEMENT_FAILED', 'video', '唇动失败', 'Failed to capture lip movements'],
  [
    -5011,
    'VIDEO_LIVENESS_FAILED',
    'video',
    '活体检测失败（活体其他错误都归类到里面）',
    'Liveness detection failed (all other liveness errors)',
  ],
  [-5012, 'VIDEO_NOISY', 'video', '视频中噪声太大', 'Too much noise in the video'],
  [-5013, 'VIDEO_QUIET', 'video', '视频里的声音太小', 'The sound in the video is too low'],
  [
    -5014,
    'LIVENESS_LEVEL_INVALID',
    'video',
    '活体检测 level 参数无效',
    'Invalid level parameter in liveness detection',
  ],
  [
    -5015,
    'VIDEO_RESOLUTION_LOW',
    'video',
    '视频像素太低，最小320 * 480',
    'Video resolution is too low. The minimum is 320*480',
  ],
  [
    -5016,
    'VIDEO_ATTACK',
    'video',
    '视频里的人不是活体（翻拍等攻击）',
    'Person in the video is not live (recapture attack)',
  ],
  [
    -5801,
    'IDENTITY_MISSING',
    'card',
    '请求缺少身份证号码或身份证姓名',
    'ID card number or name is missing in the request',
  ],
  [
    -5803,
    'IDENTITY_INCONSISTENT',
    'card',
    '身份证姓名与身份证号码不一致',
    'ID card number is inconsistent with name',
  ],
  [-5804, 'IDENTITY_NUMBER_INVALID', 'card', '身份证号码无效', 'Invalid ID card number'],
  [
    -5806,
    'IDENTITY_FORMAT',
    'card',
    '身份证号码或者身份证姓名格式错误',
    'Incorrect format of ID card number or name',
  ],
  [-5807, 'IDENTITY_QUERY_FAILED', 'card', '查询身份证信息错误', 'ID card information query error'],
  [-5809, 'IDENTITY_PHOTO_INVALID', 'card', '登记照无效', 'Registered photo is invalid'],
  [-5817, 'IDENTITY_PHOTO_QUALITY', 'card', '证件照质量较差', 'Document photo quality is poor'],
];

/** Of the negative codes HTTP says 200; 7 and 8 were faults of the server, 24 and 25 refusals. */
function httpOf(code: number): number {
  if (code < 0) return 200;
  return code < 20 ? 500 : 403;
}

/**
 * The documented codes of the sibling endpoints, which livestill never answers: kept so that a program that
 * met one can look it up. The wire message is the English meaning.
 */
export const notSent: readonly CatalogueEntry[] = ROWS.map(([code, name, family, zh, en]) => ({
  code,
  name,
  http: httpOf(code),
  message: en,
  zh,
  en,
  sent: false,
  action: FAMILIES[family],
}));
